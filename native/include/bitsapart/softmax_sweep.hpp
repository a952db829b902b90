// One sweep over a row of logits: e = exp(x − m_b) block by block, m_b the block's largest, and what sums need.
//
// Only the blocks' factors exp(m_b − m) are applied later, so that every logit is read once and every exponential
// computed once, whatever its size. Differences of logits are taken before they are divided by T: they are exact
// where it matters.
#pragma once

#include "bitsapart/softmax_load.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr int block = 1024;  // numbers; a multiple of every vector's width

inline int64_t blocks_of(int64_t classes) { return (classes + block - 1) / block; }

// A row's softmax: q_c = e_c · factor[b], and log q_c = (z_c − top) / T − log_sum.
struct Softmax {
    double top = 0;          // the largest logit, before the division by T
    double sum = 0;          // Σ exp(x − m)
    double weight = 0;       // Σ p
    double moment = 0;       // Σ p (x − m), with 0 · (−∞) = 0
    bool undefined = false;  // NaN, +∞, or nothing but −∞
};

// Calls body.operator()<whole>(i, count) for each vector of `n` numbers.
template <class Real, class Body>
inline void each_vector(int n, Body body) {
    constexpr int width = Vector<Real>::width;
    int i = 0;
    for (; i + width <= n; i += width) body.template operator()<true>(i, width);
    if (i < n) body.template operator()<false>(i, n - i);
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

// The largest number; whether one is NaN goes to `nan`.
template <class Real>
inline Real largest(const Real* x, int n, bool& nan) {
    using V = typename Vector<Real>::type;
    constexpr int width = Vector<Real>::width;
    const Real lowest = -static_cast<Real>(__builtin_inf());
    V top[4] = {splat(lowest), splat(lowest), splat(lowest), splat(lowest)};
    auto odd = top[0] != top[0];
    int i = 0;
    for (; i + 4 * width <= n; i += 4 * width)
        for (int j = 0; j < 4; ++j) {
            const V v = load(x + i + j * width);
            odd |= v != v;
            top[j] = larger(top[j], v);
        }
    for (; i < n; i += width) {
        const V v = i + width <= n ? load(x + i) : load_end<Real>(x + i, n - i, lowest);
        odd |= v != v;
        top[0] = larger(top[0], v);
    }
    for (unsigned j = 0; j < sizeof odd / sizeof odd[0]; ++j) nan |= odd[j] != 0;
    return largest_of(larger(larger(top[0], top[1]), larger(top[2], top[3])));
}

// e and the blocks' largest (−∞ for a block of nothing but −∞); with people's weights p also what cross-entropy needs.
// `read(begin, n, buffer)` gives a block of logits; the next block (or row) is fetched while this one is computed.
template <bool weighted, class Real, class Read>
inline Softmax sweep(Read read, int64_t classes, double inverse_temperature, const Real* p, Real* e, double* tops) {
    using V = typename Vector<Real>::type;
    constexpr double nothing = -__builtin_inf();
    const Real lowest = static_cast<Real>(nothing);
    const V scale = splat(static_cast<Real>(inverse_temperature));
    Softmax row;
    row.top = nothing;
    for (int64_t begin = 0, b = 0; begin < classes; begin += block, ++b) {
        const int n = static_cast<int>(classes - begin < block ? classes - begin : block);
        const Real* z = read(begin, n, e + begin);
        const Real top = largest(z, n, row.undefined);
        tops[b] = static_cast<double>(top);
        if (tops[b] > row.top) {  // what was summed so far is brought to the new top
            const double up = (tops[b] - row.top) * inverse_temperature;
            row.sum *= __builtin_exp(-up);
            if (weighted && row.weight != 0) row.moment -= row.weight * up;
            row.top = tops[b];
        }
        const V shift = splat(top == lowest ? Real(0) : top);
        V sum{}, weight{}, moment{};
        each_vector<Real>(n, [&]<bool whole>(int i, int count) {
            const V far = (take<whole>(z + i, count, lowest) - shift) * scale;
            const V power = exp_of_negative(far);
            store(e + begin + i, power);
            sum += power;
            read.fetch(begin + n + i);
            if constexpr (weighted) {
                __builtin_prefetch(p + begin + n + i);
                const V share = take<whole>(p + begin + i, count, Real(0));
                weight += share;
                moment += where(share != 0, share * far);
            }
        });
        const double down = top == lowest ? 0 : (tops[b] - row.top) * inverse_temperature;
        row.sum += sum_of(sum) * __builtin_exp(down);
        if constexpr (weighted) {
            const double share = sum_of(weight);
            row.weight += share;
            row.moment += sum_of(moment) + share * down;
        }
    }
    row.undefined |= !(row.top < __builtin_inf() && row.top > nothing);
    return row;
}

// Σ e over one block, in the order of the sweep.
template <class Real>
inline double sum_of_block(const Real* e, int n) {
    typename Vector<Real>::type sum{};
    each_vector<Real>(n, [&]<bool whole>(int i, int count) { sum += take<whole>(e + i, count, Real(0)); });
    return sum_of(sum);
}

}  // namespace bitsapart::BITSAPART_LEVEL
