// One row: the loss, and the gradient to its logits, from a sweep's exponentials.
#pragma once

#include <algorithm>
#include <cmath>

#include "bitsapart/softmax_loss.hpp"
#include "bitsapart/softmax_sweep.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// A thread's memory.
template <class Real>
struct Workspace {
    Real* e;            // exponentials of the logits
    Real* p;            // people's weights, where they have to be computed; a teacher's exponentials
    Real* logits;       // one block in the computing type
    Real* others;       // one block of a teacher's
    BlockSums* blocks;  // of the logits
    BlockSums* taught;  // of a teacher's logits
};

template <class Real>
inline size_t bytes_of(int64_t classes) {
    const auto blocks = static_cast<size_t>(blocks_of(classes));
    return (2 * blocks + 2) * block * sizeof(Real) + 2 * blocks * sizeof(BlockSums);
}

template <class Real>
inline Workspace<Real> workspace(void* scratch, int64_t classes) {
    const auto row = static_cast<size_t>(blocks_of(classes)) * block;
    Workspace<Real> w;
    w.e = static_cast<Real*>(scratch);
    w.p = w.e + row;
    w.logits = w.p + row;
    w.others = w.logits + block;
    w.blocks = reinterpret_cast<BlockSums*>(w.others + block);
    w.taught = w.blocks + blocks_of(classes);
    return w;
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

    double scale_of(const Softmax& s, int64_t b) const { return work.blocks[b].lowered / s.sum; }
    double below(const Softmax& s, int64_t c) const {  // (z_c − top) / T ≤ 0
        return (static_cast<double>(read_as<Real>(z[c])) - s.top) * inverse_temperature;
    }
    template <class Beside>
    Softmax softmax(Beside beside) const {
        return sweep(Numbers<Z>{z}, classes, inverse_temperature, work.e, work.blocks, beside);
    }
};

// Writes the row's gradient in its own type. `of.operator()<whole>(c, scale, count)` is a vector of it, the classes from
// c on, of which `count` are there; `scale` holds for each of them what `scale_of` gives for its block. Lines that go
// past the caches are written whole.
template <bool streamed, class Real, class Z, class Scale, class Of>
inline void put_vectors(Z* gradient, int64_t classes, Scale scale_of, Of of) {
    constexpr int width = Vector<Real>::width;
    auto scale = splat(static_cast<Real>(scale_of(0)));
    int64_t c = 0;
    const auto put_whole = [&] {
        const Narrowed<Real, Z> vector = narrowed<Real, Z>(of.template operator()<true>(c, scale, width));
        if constexpr (streamed) stream(vector, gradient + c);
        else std::memcpy(static_cast<void*>(gradient + c), &vector, sizeof vector);
        c += width;
    };
    const auto put_part = [&](int64_t end) {
        const auto count = static_cast<int>(std::min(end, classes) - c);
        const Narrowed<Real, Z> vector = narrowed<Real, Z>(of.template operator()<false>(c, scale, count));
        std::memcpy(static_cast<void*>(gradient + c), &vector, static_cast<size_t>(count) * sizeof(Z));
        c += count;
    };
    const auto past = static_cast<int64_t>(reinterpret_cast<uintptr_t>(gradient) / sizeof(Z) % width);
    if (streamed && past != 0) put_part(width - past);
    for (int64_t end = block; end < classes; end += block) {
        while (c + width <= end) put_whole();
        const auto next = static_cast<Real>(scale_of(end / block));
        if (c < end) {  // the vector that lies in two blocks
            Real both[width];
            for (int i = 0; i < width; ++i) both[i] = c + i < end ? scale[0] : next;
            scale = load(both);
            if (c + width <= classes) put_whole();
            else put_part(classes);
        }
        scale = splat(next);
    }
    while (c + width <= classes) put_whole();
    if (c < classes) put_part(classes);
}

template <class Real, class Z, class Scale, class Of>
inline void put(const Row<Real, Z>& row, Scale scale_of, Of of) {
    if (row.streamed) put_vectors<true, Real>(row.gradient, row.classes, scale_of, of);
    else put_vectors<false, Real>(row.gradient, row.classes, scale_of, of);
}

// A vector of the classes from c on, the label's number replaced.
template <class Real>
inline auto with_label(typename Vector<Real>::type v, int64_t c, int64_t label, Real number) {
    const auto at = static_cast<uint64_t>(label - c);
    if (at < Vector<Real>::width) [[unlikely]] {
        Real lane[Vector<Real>::width];
        store(lane, v);
        lane[at] = number;
        return load(lane);
    }
    return v;
}

// q_y − 1 and ln Σ exp(x − m), without the cancellation of 1 where the label is the largest.
struct Confidence {
    double q, short_of_one, log_sum;
};
template <class Real, class Z>
inline Confidence confidence(const Row<Real, Z>& row, const Softmax& s) {
    const double below = row.below(s, row.label), own = std::exp(below) / s.sum;
    if (below < 0 || s.sum > 1.5) return {own, own - 1, s.log_sum};
    Real& e = row.work.e[row.label];
    const Real kept = e;
    e = 0;
    double rest = 0;
    for (int64_t begin = 0, b = 0; begin < row.classes; begin += block, ++b)
        rest += sum_of_block(row.work.e + begin, length_of_block(row.classes, begin)) * row.work.blocks[b].lowered;
    e = kept;
    return {1 / (1 + rest), -rest / (1 + rest), std::log1p(rest)};
}

template <class Real, class Z>
inline double undefined(const Row<Real, Z>& row) {
    const auto nan = [](int64_t) { return __builtin_nan(""); };
    if (row.gradient != nullptr) put(row, nan, []<bool>(int64_t, auto scale, int) { return scale; });
    return __builtin_nan("");
}

// Cross-entropy of a label; the KL divergence is the same, because a single answer has no entropy.
template <class Real, class Z>
inline double label_cross_entropy(const Row<Real, Z>& row) {
    const Softmax s = row.softmax(Nothing{});
    if (s.undefined) return undefined(row);
    const Confidence sure = confidence(row, s);
    const auto scale = [&](int64_t b) { return row.factor * row.scale_of(s, b); };
    if (row.gradient != nullptr)
        put(row, scale, [e = row.work.e, label = row.label, at_label = static_cast<Real>(row.factor * sure.short_of_one)]<bool>(
                            int64_t c, auto factor, int) { return with_label(load(e + c) * factor, c, label, at_label); });
    return sure.log_sum - row.below(s, row.label);
}

// The gradient of cross-entropy and KL divergence to x: q Σp − p.
template <class Real, class Z>
inline void put_gradient(const Row<Real, Z>& row, const Softmax& s, double weight) {
    if (row.gradient == nullptr) return;
    const auto minus = splat(static_cast<Real>(-row.factor));
    const auto scale = [&](int64_t b) { return row.factor * row.scale_of(s, b) * weight; };
    put(row, scale, [e = row.work.e, p = row.p, minus]<bool whole>(int64_t c, auto factor, int count) {
        return fma(take<whole>(p + c, count, Real(0)), minus, load(e + c) * factor);
    });
}

template <class Real, class Z>
inline double cross_entropy(const Row<Real, Z>& row) {
    const Softmax s = row.softmax(Weighted<Real>{row.p});
    if (s.undefined) return undefined(row);
    double weight = 0, moment = 0;
    for (int64_t b = 0; b < blocks_of(row.classes); ++b) {
        const BlockSums& sums = row.work.blocks[b];
        weight += sums.weight;
        moment += sums.moment + sums.weight * sums.down;
    }
    put_gradient(row, s, weight);
    return weight * s.log_sum - moment;
}

// Σ p (ln p − ln q) of people's weights, in a sweep of its own: both logarithms are whole before they are compared, so
// that equal ones cancel.
template <class Real, class Z>
inline double kl_divergence(const Row<Real, Z>& row) {
    using V = typename Vector<Real>::type;
    const Softmax s = row.softmax(Nothing{});
    if (s.undefined) return undefined(row);
    const V scale = splat(static_cast<Real>(row.inverse_temperature));
    const V top = splat(static_cast<Real>(s.top)), log_sum = splat(static_cast<Real>(s.log_sum));
    double divergence = 0, weight = 0;
    for (int64_t begin = 0; begin < row.classes; begin += block) {
        const int n = length_of_block(row.classes, begin);
        const Real* z = block_of(row.z + begin, n, row.work.logits);
        V sum{}, weights{};
        each_vector<Real>(n, [&]<bool whole>(int i, int count) {
            const V p = take<whole>(row.p + begin + i, count, Real(0));
            const V log_q = (take<whole>(z + i, count, Real(0)) - top) * scale - log_sum;
            sum += where(p != 0, p * (log_of_positive(p) - log_q));
            weights += p;
        });
        divergence += sum_of(sum);
        weight += sum_of(weights);
    }
    put_gradient(row, s, weight);
    return divergence;
}

// A teacher's logits, whose ln p = (y − top) / T − log_sum.
struct Teacher {
    const void* y;
    Number type;
    Softmax softmax;

    template <class Real>
    const Real* operator()(int64_t begin, int n, Real* buffer) const {
        return with_number(type, [&]<class T>() { return Numbers<T>{static_cast<const T*>(y)}(begin, n, buffer); });
    }
    void fetch(int64_t c) const {
        with_number(type, [&]<class T>() { Numbers<T>{static_cast<const T*>(y)}.fetch(c); });
    }
};

// A teacher beside the sweep over a student's logits: its exponentials become p; Σ p and Σ p ((y − m'_b) − (x − m_b)),
// which is 0 where both say the same.
template <class Real>
struct Taught {
    using V = typename Vector<Real>::type;
    Teacher teacher;
    const BlockSums* blocks;
    Real inverse_temperature;
    Real* p;
    Real* buffer;
    const Real* y = nullptr;  // the block's logits
    V shift{}, scale{};
    ShareSums<Real> shares{};

    void open(int64_t begin, int n) {
        const BlockSums& sums = blocks[begin / block];
        y = teacher(begin, n, buffer);
        shift = splat(sums.lowered == 0 ? Real(0) : static_cast<Real>(sums.top));
        scale = splat(static_cast<Real>(sums.lowered / teacher.softmax.sum));
    }
    template <bool whole>
    void add(int64_t c, int count, V far) {
        const V share = load(p + c) * scale;
        const V own = (take<whole>(y + c % block, count, Real(0)) - shift) * inverse_temperature;
        store(p + c, share);
        shares.add(share, own - far);
    }
    void close(BlockSums& sums) { shares.close(sums); }
};

// The KL divergence from a teacher, whose exponentials are in work.p.
template <class Real, class Z>
inline double kl_divergence(const Row<Real, Z>& row, const Teacher& teacher) {
    const auto inverse_temperature = static_cast<Real>(row.inverse_temperature);
    const Softmax s =
        row.softmax(Taught<Real>{teacher, row.work.taught, inverse_temperature, row.work.p, row.work.others});
    if (s.undefined || teacher.softmax.undefined) return undefined(row);
    double weight = 0, divergence = 0;
    for (int64_t b = 0; b < blocks_of(row.classes); ++b) {
        const BlockSums& sums = row.work.blocks[b];
        weight += sums.weight;
        divergence += sums.moment + sums.weight * (row.work.taught[b].down - sums.down);
    }
    put_gradient(row, s, weight);
    return divergence + weight * (s.log_sum - teacher.softmax.log_sum);
}

// Σ (p − q)²; for a label p is 1 there and 0 elsewhere. Two classes are counted once.
template <bool labelled, class Real, class Z>
inline double squared_error(const Row<Real, Z>& row) {
    using V = typename Vector<Real>::type;
    const Softmax s = row.softmax(Nothing{});
    if (s.undefined) return undefined(row);
    Confidence sure{};
    if constexpr (labelled) {
        sure = confidence(row, s);
        row.work.e[row.label] = 0;
    }
    double squares = sure.short_of_one * sure.short_of_one, inner = sure.q * sure.short_of_one;
    for (int64_t begin = 0, b = 0; begin < row.classes; begin += block, ++b) {
        const int n = length_of_block(row.classes, begin);
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
    if (row.gradient != nullptr) {
        const V centre = splat(static_cast<Real>(inner));
        const auto twice = [&](int64_t) { return 2 * once * row.factor; };
        const auto at_label = static_cast<Real>(2 * once * row.factor * sure.q * (sure.short_of_one - inner));
        put(row, twice, [e = row.work.e, p = row.p, label = row.label, centre, at_label]<bool whole>(
                            int64_t c, auto factor, int count) {
            const V q = load(e + c);
            if constexpr (labelled) return with_label(factor * q * (q - centre), c, label, at_label);
            else return factor * q * ((q - take<whole>(p + c, count, Real(0))) - centre);
        });
    }
    return once * squares;
}

}  // namespace bitsapart::BITSAPART_LEVEL
