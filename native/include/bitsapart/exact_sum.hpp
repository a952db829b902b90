// Exact sums of one column: n, Σx, Σx² and, with weights w, Σxw, Σw, Σw² over the items whose value is finite.
//
// x is the item's value times its weight, rounded once to the grid (wide.hpp); without weights w = 1. An infinite
// value is counted, not summed; NaN marks an item that has no such value.
//
// The fast path: X = A·2^29 + B, A = round(x·2^23), B the rest, both within ±2^28 for |x| < 32, so that 120 products
// of them fit a lane of 64 bits; then their upper halves move to lanes of their own. A stands in the low bits of
// x + 1.5·2^29 and B in those of the rest + 1.5: the low halves of the lanes, as multiplication wants them. What the
// constants add to the sums is taken off at the end. Lanes that are not below 32 are added one by one.
#pragma once

#include "bitsapart/wide.hpp"

namespace bitsapart {
struct ColumnSums {  // level-free; what a block returns
    int64_t n, infinite;
    Wide x, xx, xw, w, ww;
    int64_t too_large;  // the first item whose value the grid does not reach, or −1
};
}  // namespace bitsapart

namespace bitsapart::BITSAPART_LEVEL {

struct FastSums {
    u64v a, b;        // with the constants' bits, modulo 2^64
    i64v aa, ab, bb;  // products since the last spill, and less than 2^32 from before
    i64v aa_upper, ab_upper, bb_upper;
    int64_t steps, spilled;
};
constexpr double fast_limit = 32.0, magic_a = 0x1.8p29, magic_b = 0x1.8p0;
constexpr int64_t most_steps = 120;

inline int128 lane_sum(i64v v) {
    int128 sum = 0;
    for (int i = 0; i < lanes; ++i) sum += v[i];
    return sum;
}

inline void spill(i64v& upper, i64v& kept) {
    upper += kept >> 32;
    kept &= 0xffffffff;
}

#ifdef BITSAPART_PLAIN_SUMS  // what benchmarks/core_exact_sums.py compares with: the same pass with sums of doubles
inline void reserve(FastSums&, int64_t) {}

inline void flush(FastSums& fast, ColumnSums& sums) {
    double x = 0, xx = 0;
    for (int i = 0; i < lanes; ++i) x += from_bits((i64v)fast.a)[i], xx += from_bits(fast.aa)[i];
    const OnGrid X = on_grid(x), XX = on_grid(xx);
    add_value(sums.x, X);
    add_shifted(sums.xx, XX.mantissa, XX.exponent + 52);
    fast = FastSums{};
}

inline void add_step(FastSums& fast, f64v x) {
    fast.a = (u64v)bits(from_bits((i64v)fast.a) + x);
    fast.aa = bits(from_bits(fast.aa) + x * x);
}
#else
// Makes room for `steps` more, which must not be more than 120.
inline void reserve(FastSums& fast, int64_t steps) {
    if (fast.steps + steps - fast.spilled <= most_steps) return;
    spill(fast.aa_upper, fast.aa);
    spill(fast.ab_upper, fast.ab);
    spill(fast.bb_upper, fast.bb);
    fast.spilled = fast.steps;
}

inline void flush(FastSums& fast, ColumnSums& sums) {
    const auto steps = static_cast<uint64_t>(fast.steps);
    const int128 a = lane_sum((i64v)(fast.a - steps * (u64v)bits(splat(magic_a))));
    const int128 b = lane_sum((i64v)(fast.b - steps * (u64v)bits(splat(magic_b))));
    const auto whole = [](i64v upper, i64v kept) { return lane_sum(upper) * (int128{1} << 32) + lane_sum(kept); };
    add_shifted(sums.x, a * (int128{1} << 29) + b, 0);
    add_shifted(sums.xx, whole(fast.aa_upper, fast.aa), 58);
    add_shifted(sums.xx, whole(fast.ab_upper, fast.ab), 30);
    add_shifted(sums.xx, whole(fast.bb_upper, fast.bb), 0);
    fast = FastSums{};
}

inline void add_step(FastSums& fast, f64v x) {
    const f64v t = x + magic_a;
    const f64v rest = (x - (t - magic_a)) + magic_b;
    const i64v a = bits(t), b = bits(rest);
    fast.a += (u64v)a;
    fast.b += (u64v)b;
    fast.aa += product_of_low(a, a);
    fast.ab += product_of_low(a, b);
    fast.bb += product_of_low(b, b);
    ++fast.steps;
}
#endif

// One value that the fast path leaves out; `item` is its place in the block.
[[gnu::noinline]] inline void add_slowly(ColumnSums& sums, double x, int64_t item) {
    if (x != x) {
        --sums.n;
    } else if (__builtin_isinf(x)) {
        --sums.n;
        ++sums.infinite;
    } else if (__builtin_fabs(x) > largest_value) {
        if (sums.too_large < 0) sums.too_large = item;
    } else {
        const OnGrid X = on_grid(x);
        add_value(sums.x, X);
        add_product(sums.xx, X, X);
    }
}

// Takes what the fast path cannot add out of a tile.
[[gnu::noinline]] inline void take_large(ColumnSums& sums, double* x, int count, int64_t first_item) {
    for (int i = 0; i < count; ++i) {
        if (__builtin_fabs(x[i]) < fast_limit) continue;
        add_slowly(sums, x[i], first_item + i);
        x[i] = 0.0;
    }
}

// A tile of values without weights; the array is changed, and readable up to whole vectors.
inline void add_values(FastSums& kept, ColumnSums& sums, double* x, int count, int64_t first_item) {
    for (int i = count; i % lanes != 0; ++i) x[i] = 0.0;
    i64v large = {};
    for (int i = 0; i < count; i += lanes) large |= ~(magnitude(load(x + i)) < fast_limit);
    if (any(large)) [[unlikely]] take_large(sums, x, count, first_item);
    sums.n += count;
    reserve(kept, (count + lanes - 1) / lanes);
    FastSums fast = kept;
    for (int i = 0; i < count; i += lanes) add_step(fast, load(x + i));
    kept = fast;
}

// The same for values that are nearly all 0 or 1, as shares of hits are: ones are counted.
inline void add_shares(FastSums& fast, ColumnSums& sums, double* x, int count, int64_t first_item) {
    for (int i = count; i % lanes != 0; ++i) x[i] = 0.0;
    i64v ones = {}, others = {};
    for (int i = 0; i < count; i += lanes) {
        const f64v v = load(x + i);
        ones += (v == 1.0) & 1;
        others |= (v != 1.0) & (v != 0.0);
    }
    if (any(others)) return add_values(fast, sums, x, count, first_item);
    const int128 sum = lane_sum(ones);
    sums.n += count;
    add_shifted(sums.x, sum, 52);
    add_shifted(sums.xx, sum, 104);
}

// The sum alone, for powers of a loss: the upper part a multiple of 2^-10, the lower one below it. From 2^40 on one by
// one; infinities and what is above 2^190 (the fourth power of 2·10^14 nats) are left out.
struct FastSum {
    i64v a, b;
    int64_t steps;
};

inline void flush(FastSum& fast, ColumnSums& sums) {
    add_shifted(sums.x, (lane_sum(fast.a) << 42) + lane_sum(fast.b), 0);
    fast = FastSum{};
}

inline void add_to_sum(FastSum& fast, ColumnSums& sums, f64v v) {
    constexpr double upper = 0x1.8p42, lower = 0x1.8p0;
    const i64v small = magnitude(v) < 0x1p40;
    if (any(~small)) [[unlikely]]
        for (int j = 0; j < lanes; ++j)
            if (magnitude(v)[j] >= 0x1p40 && magnitude(v)[j] < 0x1p190) add_value(sums.x, on_grid(v[j]));
    v = where(small, v);
    const f64v t = v + upper;
    fast.a += bits(t) - bits(splat(upper));
    fast.b += bits((v - (t - upper)) + lower) - bits(splat(lower));
    if (++fast.steps == 1000) flush(fast, sums);
}

// With weights: x = value·weight rounded, and exact products. Items of one exponent are added as integers of 128 bits:
// products have at most 106 bits, so that 2^20 of them fit.
struct ByExponent {
    static constexpr int values = 51, products = 2 * values - 1;
    int128 x[values], w[values], xx[products], xw[products], ww[products];
    int64_t items;
};
constexpr int64_t most_items = int64_t{1} << 20;

inline void flush(ByExponent& kept, ColumnSums& sums) {
    const auto move = [](int128* from, int count, Wide& to) {
        for (int exponent = 0; exponent < count; ++exponent)
            if (from[exponent] != 0) add_shifted(to, from[exponent], static_cast<unsigned>(exponent));
    };
    move(kept.x, ByExponent::values, sums.x);
    move(kept.w, ByExponent::values, sums.w);
    move(kept.xx, ByExponent::products, sums.xx);
    move(kept.xw, ByExponent::products, sums.xw);
    move(kept.ww, ByExponent::products, sums.ww);
    kept = ByExponent{};
}

// Calls add(X, W) with an item's x and its weight on the grid, if it is one that is summed.
template <class Add>
inline void weigh_item(ColumnSums& sums, double value, double weight, int64_t item, Add add) {
    if (value != value) return;
    if (__builtin_isinf(value)) {
        ++sums.infinite;
        return;
    }
    const double x = value * weight;
    if (!(__builtin_fabs(x) <= largest_value && weight <= largest_value)) {
        if (sums.too_large < 0) sums.too_large = item;
        return;
    }
    ++sums.n;
    add(on_grid(x), on_grid(weight));
}

inline void add_weighted(ByExponent& kept, ColumnSums& sums, const double* value, const double* weight, int count,
                         int64_t first_item) {
    if (kept.items + count > most_items) flush(kept, sums);
    kept.items += count;
    for (int i = 0; i < count; ++i)
        weigh_item(sums, value[i], weight[i], first_item + i, [&](OnGrid X, OnGrid W) {
            kept.x[X.exponent] += X.mantissa;
            kept.w[W.exponent] += W.mantissa;
            kept.xx[2 * X.exponent] += static_cast<int128>(X.mantissa) * X.mantissa;
            kept.xw[X.exponent + W.exponent] += static_cast<int128>(X.mantissa) * W.mantissa;
            kept.ww[2 * W.exponent] += static_cast<int128>(W.mantissa) * W.mantissa;
        });
}

// One item, for sums of which there may be many.
inline void add_weighted(ColumnSums& sums, double value, double weight, int64_t item) {
    weigh_item(sums, value, weight, item, [&](OnGrid X, OnGrid W) {
        add_value(sums.x, X);
        add_value(sums.w, W);
        add_product(sums.xx, X, X);
        add_product(sums.xw, X, W);
        add_product(sums.ww, W, W);
    });
}

// Without weights every w is 1, that is 2^52 on the grid.
inline void finish_unweighted(ColumnSums& sums) {
    sums.xw = Wide{};
    Wide shifted = sums.x;  // Σxw = Σx·2^52
    for (int i = 3; i > 0; --i) shifted.limb[i] = (shifted.limb[i] << 52) | (shifted.limb[i - 1] >> 12);
    shifted.limb[0] <<= 52;
    sums.xw = shifted;
    add_shifted(sums.w, sums.n, 52);
    add_shifted(sums.ww, sums.n, 104);
}

inline void add(ColumnSums& sums, const ColumnSums& other) {
    sums.n += other.n;
    sums.infinite += other.infinite;
    add(sums.x, other.x);
    add(sums.xx, other.xx);
    add(sums.xw, other.xw);
    add(sums.w, other.w);
    add(sums.ww, other.ww);
    if (sums.too_large < 0 || (other.too_large >= 0 && other.too_large < sums.too_large)) sums.too_large = other.too_large;
}

}  // namespace bitsapart::BITSAPART_LEVEL
