// One sweep over a row of logits: e = exp(x − m_b) block by block, m_b the block's largest, and what sums need.
//
// Only the blocks' factors exp(m_b − m) are applied later, so that every logit is read once and every exponential
// computed once, whatever its size. Differences of logits are taken before they are divided by T: they are exact
// where it matters.
#pragma once

#include <algorithm>
#include <cmath>

#include "bitsapart/softmax_load.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr int block = 1024;      // numbers; a multiple of every vector's width
constexpr int ahead = 2 * block;  // how far what comes next is fetched

inline int64_t blocks_of(int64_t classes) { return (classes + block - 1) / block; }
inline int length_of_block(int64_t classes, int64_t begin) {
    return static_cast<int>(std::min<int64_t>(block, classes - begin));
}

struct BlockSums {
    double top;      // m_b, before the division by T; −∞ for a block of nothing but −∞
    double sum;      // Σ e
    double down;     // (m_b − m) / T, 0 where m_b is −∞
    double lowered;  // exp of it; 0 where m_b is −∞
    double weight;   // Σ p
    double moment;   // Σ p (x − m_b), or what else is summed beside; with 0 · (−∞) = 0
};

// A row's softmax: q_c = e_c · lowered[b] / sum, and log q_c = (z_c − top) / T − log_sum.
struct Softmax {
    double top, sum, log_sum;
    bool undefined;  // NaN, +∞, or nothing but −∞
};

// Calls body.operator()<whole>(i, count) for each vector of `n` numbers.
template <class Real, class Body>
inline void each_vector(int n, Body body) {
    constexpr int width = Vector<Real>::width;
    int i = 0;
    for (; i + width <= n; i += width) body.template operator()<true>(i, width);
    if (i < n) body.template operator()<false>(i, n - i);
}

// The same with up to four vectors in step: body.operator()<vectors, whole>(i, count).
template <class Real, class Body>
inline void each_few_vectors(int n, Body body) {
    constexpr int width = Vector<Real>::width, few = 4;
    int i = 0;
    for (; i + few * width <= n; i += few * width) body.template operator()<few, true>(i, width);
    for (; i + width <= n; i += width) body.template operator()<1, true>(i, width);
    if (i < n) body.template operator()<1, false>(i, n - i);
}

template <bool whole, class Real>
inline typename Vector<Real>::type take(const Real* from, int count, Real fill) {
    if constexpr (whole) return load(from);
    else return load_end<Real>(from, count, fill);
}

// A block of numbers in the computing type: where they lie, or converted into the buffer.
template <class Real, class Z>
inline const Real* block_of(const Z* from, int n, Real* buffer) {
    if constexpr (__is_same(Z, Real)) return from;
    else {
        convert(from, n, buffer);
        return buffer;
    }
}

// A row of numbers of any type: a block in the computing type, and where a number lies.
template <class Z>
struct Numbers {
    const Z* at;

    template <class Real>
    const Real* operator()(int64_t begin, int n, Real* buffer) const {
        return block_of(at + begin, n, buffer);
    }
    void fetch(int64_t c) const { __builtin_prefetch(at + c); }
};

// The largest number; anything where one is NaN.
template <class Real>
inline Real largest(const Real* x, int n) {
    using V = typename Vector<Real>::type;
    constexpr int width = Vector<Real>::width;
    const Real lowest = -static_cast<Real>(__builtin_inf());
    V top[4] = {splat(lowest), splat(lowest), splat(lowest), splat(lowest)};
    int i = 0;
    for (; i + 4 * width <= n; i += 4 * width)
        for (int j = 0; j < 4; ++j) top[j] = larger(top[j], load(x + i + j * width));
    for (; i < n; i += width) top[0] = larger(top[0], i + width <= n ? load(x + i) : load_end<Real>(x + i, n - i, lowest));
    return largest_of(larger(larger(top[0], top[1]), larger(top[2], top[3])));
}

// What a sweep sums beside the exponentials: nothing.
struct Nothing {
    void open(int64_t, int) {}
    template <bool whole, class V>
    void add(int64_t, int, V) {}
    void close(BlockSums&) {}
};

// Σ p and Σ p·gap over a block, with 0 · ∞ = 0.
template <class Real>
struct ShareSums {
    using V = typename Vector<Real>::type;
    V weight{}, moment{};

    void add(V share, V gap) {
        weight += share;
        moment += where(share != 0, share * gap);
    }
    void close(BlockSums& sums) {
        sums.weight = sum_of(weight);
        sums.moment = sum_of(moment);
        weight = moment = V{};
    }
};

// People's weights p: Σ p and Σ p (x − m_b).
template <class Real>
struct Weighted {
    const Real* p;
    ShareSums<Real> shares{};

    void open(int64_t, int) {}
    template <bool whole, class V>
    void add(int64_t c, int count, V far) {
        shares.add(take<whole>(p + c, count, Real(0)), far);
        __builtin_prefetch(p + c + ahead);
    }
    void close(BlockSums& sums) { shares.close(sums); }
};

// From the blocks' sums to the row's.
inline Softmax softmax_of(BlockSums* blocks, int64_t count, double inverse_temperature) {
    constexpr double nothing = -__builtin_inf();
    Softmax row{nothing, 0, 0, false};
    for (int64_t b = 0; b < count; ++b) row.top = std::max(row.top, blocks[b].top);
    for (int64_t b = 0; b < count; ++b) {
        const bool some = blocks[b].top > nothing;
        blocks[b].down = some ? (blocks[b].top - row.top) * inverse_temperature : 0;
        blocks[b].lowered = some ? std::exp(blocks[b].down) : 0;
        row.sum += blocks[b].sum * (some ? blocks[b].lowered : 1);  // a block of NaN has no largest
    }
    row.log_sum = std::log(row.sum);
    row.undefined = !(row.top < __builtin_inf() && row.top > nothing && row.sum < __builtin_inf());
    return row;
}

// e and the blocks' sums. `read(begin, n, buffer)` gives a block of logits and fetches what comes later; `beside` is shown
// x − m_b of each vector.
template <class Real, class Read, class Beside>
inline Softmax sweep(Read read, int64_t classes, double inverse_temperature, Real* e, BlockSums* blocks, Beside beside) {
    using V = typename Vector<Real>::type;
    constexpr int width = Vector<Real>::width;
    const Real lowest = -static_cast<Real>(__builtin_inf());
    const V scale = splat(static_cast<Real>(inverse_temperature));
    for (int64_t begin = 0, b = 0; begin < classes; begin += block, ++b) {
        const int n = length_of_block(classes, begin);
        const Real* z = read(begin, n, e + begin);
        const Real top = largest(z, n);
        const V shift = splat(top == lowest ? Real(0) : top);
        V sum{};
        beside.open(begin, n);
        each_few_vectors<Real>(n, [&]<int vectors, bool whole>(int i, int count) {
            V far[vectors], power[vectors];
            for (int j = 0; j < vectors; ++j) {
                far[j] = (take<whole>(z + i + j * width, count, lowest) - shift) * scale;
                read.fetch(begin + i + j * width + ahead);
                beside.template add<whole>(begin + i + j * width, count, far[j]);
            }
            exp_of_negative(far, power);
            for (int j = 0; j < vectors; ++j) {
                store(e + begin + i + j * width, power[j]);
                sum += power[j];
            }
        });
        blocks[b] = {static_cast<double>(top), sum_of(sum), 0, 0, 0, 0};
        beside.close(blocks[b]);
    }
    return softmax_of(blocks, blocks_of(classes), inverse_temperature);
}

// Σ e over one block, in the order of the sweep.
template <class Real>
inline double sum_of_block(const Real* e, int n) {
    typename Vector<Real>::type sum{};
    each_vector<Real>(n, [&]<bool whole>(int i, int count) { sum += take<whole>(e + i, count, Real(0)); });
    return sum_of(sum);
}

}  // namespace bitsapart::BITSAPART_LEVEL
