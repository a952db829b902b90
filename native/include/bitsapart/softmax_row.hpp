// One row: the loss, and the gradient to its logits, from a sweep's exponentials.
#pragma once

#include <cmath>

#include "bitsapart/softmax_loss.hpp"
#include "bitsapart/softmax_sweep.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// A thread's memory.
template <class Real>
struct Workspace {
    Real* e;         // exponentials of the logits
    Real* p;         // people's weights, where they have to be computed
    Real* stage;     // one block of gradient or of logits
    Real* other;     // one block of a teacher's logits
    double* tops;    // of the blocks of logits
    double* others;  // of the blocks of a teacher's logits
};

template <class Real>
inline size_t bytes_of(int64_t classes) {
    const auto blocks = static_cast<size_t>(blocks_of(classes));
    return (2 * blocks + 2) * block * sizeof(Real) + 2 * blocks * sizeof(double);
}

template <class Real>
inline Workspace<Real> workspace(void* scratch, int64_t classes) {
    const auto row = static_cast<size_t>(blocks_of(classes)) * block;
    Workspace<Real> w;
    w.e = static_cast<Real*>(scratch);
    w.p = w.e + row;
    w.stage = w.p + row;
    w.other = w.stage + block;
    w.tops = reinterpret_cast<double*>(w.other + block);
    w.others = w.tops + blocks_of(classes);
    return w;
}

// Writes a block of gradient in its own type.
template <class Real, class Z>
inline void put(const Real* stage, int n, Z* to, bool streamed) {
    const auto bytes = static_cast<size_t>(n) * sizeof(Z);
    alignas(64) Z narrowed[block];
    const void* from = stage;
    if constexpr (!__is_same(Z, Real)) {
        convert_back(stage, n, narrowed);
        from = narrowed;
    }
    if (streamed) stream(reinterpret_cast<char*>(to), static_cast<const char*>(from), bytes);
    else std::memcpy(to, from, bytes);
}

// Everything about a row that its loss needs. `label` is −1 where people's weights p are given.
template <class Real, class Z>
struct Row {
    const Z* z;
    int64_t classes;
    double inverse_temperature;
    const Real* p;
    int64_t label;
    double factor;  // of the gradient to x = z / T, then divided by T
    Z* gradient;
    bool streamed;
    Workspace<Real> work;

    int length(int64_t begin) const { return static_cast<int>(classes - begin < block ? classes - begin : block); }
    double lowered(const Softmax& s, int64_t b) const { return std::exp((work.tops[b] - s.top) * inverse_temperature); }
    double scale_of(const Softmax& s, int64_t b) const { return lowered(s, b) / s.sum; }
    double below(const Softmax& s, int64_t c) const {  // (z_c − top) / T ≤ 0
        return (static_cast<double>(read_as<Real>(z[c])) - s.top) * inverse_temperature;
    }
    Softmax softmax() const { return sweep<false>(Numbers<Z>{z}, classes, inverse_temperature, p, work.e, work.tops); }
    Softmax weighted_softmax() const { return sweep<true>(Numbers<Z>{z}, classes, inverse_temperature, p, work.e, work.tops); }
};

// q_y − 1 and ln Σ exp(x − m), without the cancellation of 1 where the label is the largest.
struct Confidence {
    double q, short_of_one, log_sum;
};
template <class Real, class Z>
inline Confidence confidence(const Row<Real, Z>& row, const Softmax& s) {
    const double below = row.below(s, row.label), own = std::exp(below) / s.sum;
    if (below < 0 || s.sum > 1.5) return {own, own - 1, std::log(s.sum)};
    Real& e = row.work.e[row.label];
    const Real kept = e;
    e = 0;
    double rest = 0;
    for (int64_t begin = 0, b = 0; begin < row.classes; begin += block, ++b)
        rest += sum_of_block(row.work.e + begin, row.length(begin)) * row.lowered(s, b);
    e = kept;
    return {1 / (1 + rest), -rest / (1 + rest), std::log1p(rest)};
}

template <class Real, class Z>
inline double undefined(const Row<Real, Z>& row) {
    for (int i = 0; i < block; ++i) row.work.stage[i] = static_cast<Real>(__builtin_nan(""));
    if (row.gradient != nullptr)
        for (int64_t begin = 0; begin < row.classes; begin += block)
            put(row.work.stage, row.length(begin), row.gradient + begin, row.streamed);
    return __builtin_nan("");
}

// Cross-entropy of a label; the KL divergence is the same, because a single answer has no entropy.
template <class Real, class Z>
inline double label_cross_entropy(const Row<Real, Z>& row) {
    using V = typename Vector<Real>::type;
    const Softmax s = row.softmax();
    if (s.undefined) return undefined(row);
    const Confidence sure = confidence(row, s);
    if (row.gradient != nullptr)
        for (int64_t begin = 0, b = 0; begin < row.classes; begin += block, ++b) {
            const int n = row.length(begin);
            const V scale = splat(static_cast<Real>(row.factor * row.scale_of(s, b)));
            for (int i = 0; i < n; i += Vector<Real>::width)
                store(row.work.stage + i, load(row.work.e + begin + i) * scale);
            if (row.label / block == b) row.work.stage[row.label - begin] = static_cast<Real>(row.factor * sure.short_of_one);
            put(row.work.stage, n, row.gradient + begin, row.streamed);
        }
    return sure.log_sum - row.below(s, row.label);
}

// The gradient of cross-entropy and KL divergence to x: q Σp − p.
template <class Real, class Z>
inline void put_gradient(const Row<Real, Z>& row, const Softmax& s, double weight) {
    using V = typename Vector<Real>::type;
    if (row.gradient == nullptr) return;
    for (int64_t begin = 0, b = 0; begin < row.classes; begin += block, ++b) {
        const int n = row.length(begin);
        const V scale = splat(static_cast<Real>(row.factor * row.scale_of(s, b) * weight));
        const V minus = splat(static_cast<Real>(-row.factor));
        each_vector<Real>(n, [&]<bool whole>(int i, int count) {
            const V p = take<whole>(row.p + begin + i, count, Real(0));
            store(row.work.stage + i, fma(p, minus, load(row.work.e + begin + i) * scale));
        });
        put(row.work.stage, n, row.gradient + begin, row.streamed);
    }
}

template <class Real, class Z>
inline double cross_entropy(const Row<Real, Z>& row) {
    const Softmax s = row.weighted_softmax();
    if (s.undefined) return undefined(row);
    put_gradient(row, s, s.weight);
    return s.weight * std::log(s.sum) - s.moment;
}

// A teacher's logits (or null), whose ln p = (y − top) / T − log_sum.
struct Teacher {
    const void* y;
    Number type;
    double top, log_sum;

    template <class Real>
    const Real* operator()(int64_t begin, int n, Real* buffer) const {
        return with_number(type, [&]<class T>() { return Numbers<T>{static_cast<const T*>(y)}(begin, n, buffer); });
    }
    void fetch(int64_t c) const {
        with_number(type, [&]<class T>() { Numbers<T>{static_cast<const T*>(y)}.fetch(c); });
    }
};

// Σ p (ln p − ln q), in a sweep of its own: both logarithms are whole before they are compared, so that equal ones cancel.
template <class Real, class Z>
inline double kl_divergence(const Row<Real, Z>& row, const Teacher& teacher) {
    using V = typename Vector<Real>::type;
    const Softmax s = row.softmax();
    if (s.undefined) return undefined(row);
    const V scale = splat(static_cast<Real>(row.inverse_temperature));
    const V top = splat(static_cast<Real>(s.top)), log_sum = splat(static_cast<Real>(std::log(s.sum)));
    const V other = splat(static_cast<Real>(teacher.top)), other_sum = splat(static_cast<Real>(teacher.log_sum));
    double divergence = 0, weight = 0;
    for (int64_t begin = 0; begin < row.classes; begin += block) {
        const int n = row.length(begin);
        const Real* z = block_of(row.z + begin, n, row.work.stage);
        const Real* y = teacher.y != nullptr ? teacher(begin, n, row.work.other) : nullptr;
        V sum{}, weights{};
        each_vector<Real>(n, [&]<bool whole>(int i, int count) {
            const V p = take<whole>(row.p + begin + i, count, Real(0));
            const V log_q = (take<whole>(z + i, count, Real(0)) - top) * scale - log_sum;
            V log_p;
            if (y == nullptr) log_p = log_of_positive(p);
            else log_p = (take<whole>(y + i, count, Real(0)) - other) * scale - other_sum;
            sum += where(p != 0, p * (log_p - log_q));
            weights += p;
        });
        divergence += sum_of(sum);
        weight += sum_of(weights);
    }
    put_gradient(row, s, weight);
    return divergence;
}

// Σ (p − q)²; for a label p is 1 there and 0 elsewhere. Two classes are counted once.
template <bool labelled, class Real, class Z>
inline double squared_error(const Row<Real, Z>& row) {
    using V = typename Vector<Real>::type;
    const Softmax s = row.softmax();
    if (s.undefined) return undefined(row);
    Confidence sure{};
    if constexpr (labelled) {
        sure = confidence(row, s);
        row.work.e[row.label] = 0;
    }
    double squares = sure.short_of_one * sure.short_of_one, inner = sure.q * sure.short_of_one;
    for (int64_t begin = 0, b = 0; begin < row.classes; begin += block, ++b) {
        const int n = row.length(begin);
        const V scale = splat(static_cast<Real>(row.scale_of(s, b)));
        V square{}, product{};
        each_vector<Real>(n, [&]<bool whole>(int i, int count) {
            const V q = load(row.work.e + begin + i) * scale;
            V gap = q;
            if constexpr (!labelled) gap = q - take<whole>(row.p + begin + i, count, Real(0));
            store(row.work.e + begin + i, q);
            square += gap * gap;
            product += q * gap;
        });
        squares += sum_of(square);
        inner += sum_of(product);
    }
    const double once = row.classes == 2 ? 0.5 : 1.0;
    if (row.gradient != nullptr)
        for (int64_t begin = 0; begin < row.classes; begin += block) {
            const int n = row.length(begin);
            const V twice = splat(static_cast<Real>(2 * once * row.factor)), centre = splat(static_cast<Real>(inner));
            each_vector<Real>(n, [&]<bool whole>(int i, int count) {
                const V q = load(row.work.e + begin + i);
                V gap = q;
                if constexpr (!labelled) gap = q - take<whole>(row.p + begin + i, count, Real(0));
                store(row.work.stage + i, twice * q * (gap - centre));
            });
            if (labelled && row.label / block == begin / block)
                row.work.stage[row.label - begin] =
                    static_cast<Real>(2 * once * row.factor * sure.q * (sure.short_of_one - inner));
            put(row.work.stage, n, row.gradient + begin, row.streamed);
        }
    return once * squares;
}

}  // namespace bitsapart::BITSAPART_LEVEL
