// Exact sums of one column: n, Σx, Σx² and, with weights w, Σxw, Σw, Σw² over the items whose value is finite.
//
// x is the item's value times its weight, rounded once to the grid (wide.hpp); without weights w = 1. An infinite
// value is counted, not summed; NaN marks an item that has no such value.
//
// The fast path: X = A·2^29 + B, A = round(x·2^23), B the rest, both within ±2^28 for |x| < 32, so that 120 products
// of them fit a lane of 64 bits. A stands in the low bits of x + 1.5·2^29 (the low half of a lane, as multiplication
// wants it). Lanes that are not below 32 are added one by one.
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
    i64v a, b, aa, ab, bb;
    int64_t steps;
};
constexpr double fast_limit = 32.0, magic_a = 0x1.8p29, magic_b = 0x1.8p0;
constexpr int64_t most_steps = 120;

inline int128 lane_sum(i64v v) {
    int128 sum = 0;
    for (int i = 0; i < lanes; ++i) sum += v[i];
    return sum;
}

inline void flush(FastSums& fast, ColumnSums& sums) {
    const int128 a = lane_sum(fast.a), b = lane_sum(fast.b);
    add_shifted(sums.x, (a << 29) + b, 0);
    add_shifted(sums.xx, lane_sum(fast.aa), 58);
    add_shifted(sums.xx, lane_sum(fast.ab), 30);
    add_shifted(sums.xx, lane_sum(fast.bb), 0);
    fast = FastSums{};
}

inline void add_step(FastSums& fast, f64v x) {
    const f64v t = x + magic_a;
    const f64v rest = (x - (t - magic_a)) + magic_b;
    const i64v a = bits(t) - bits(splat(magic_a)), b = bits(rest) - bits(splat(magic_b));
    fast.a += a;
    fast.b += b;
    fast.aa += product_of_low(a, a);
    fast.ab += product_of_low(a, b);
    fast.bb += product_of_low(b, b);
    ++fast.steps;
}

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

// A tile of values without weights; `count` may be any number, the array is readable up to whole vectors.
inline void add_values(FastSums& kept, ColumnSums& sums, double* x, int count, int64_t first_item) {
    FastSums fast = kept;
    for (int i = count; i % lanes != 0; ++i) x[i] = 0.0;
    sums.n += count;
    if (fast.steps + count / lanes + 1 > most_steps) flush(fast, sums);
    for (int i = 0; i < count; i += lanes) {
        f64v v = load(x + i);
        const i64v small = magnitude(v) < fast_limit;
        if (any(~small)) [[unlikely]] {
            for (int j = i; j < i + lanes; ++j)
                if (!(__builtin_fabs(x[j]) < fast_limit)) add_slowly(sums, x[j], first_item + j);
            v = where(small, v);
        }
        add_step(fast, v);
    }
    kept = fast;
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

// With weights: x = value·weight rounded; exact product by product.
inline void add_weighted(ColumnSums& sums, const double* value, const double* weight, int count, int64_t first_item) {
    for (int i = 0; i < count; ++i) {
        if (value[i] != value[i]) continue;
        if (__builtin_isinf(value[i])) {
            ++sums.infinite;
            continue;
        }
        const double x = value[i] * weight[i];
        if (!(__builtin_fabs(x) <= largest_value)) {
            if (sums.too_large < 0) sums.too_large = first_item + i;
            continue;
        }
        const OnGrid X = on_grid(x), W = on_grid(weight[i]);
        ++sums.n;
        add_value(sums.x, X);
        add_product(sums.xx, X, X);
        add_product(sums.xw, X, W);
        add_value(sums.w, W);
        add_product(sums.ww, W, W);
    }
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
