// The additive measures of each item from its chunks of p, log p, q, log q: one value per item and column, in nats.
#pragma once

#include "bitsapart/chunk.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr f64v one = f64v{} + 1.0;

// Sums over classes, kept between the chunks of a tile; one per vector of items.
struct SoftSums {
    f64v p, q, ce, h, abs, square, pq, qq, pp;
    f64v top_q, ties_q, p_at_top, top_p, ties_p, both;
};

inline void clear(SoftSums& s) {
    s.p = s.q = s.ce = s.h = s.abs = s.square = s.pq = s.qq = s.pp = f64v{};
    s.ties_q = s.p_at_top = s.ties_p = s.both = f64v{};
    s.top_q = s.top_p = splat(-1.0);
}

// The largest classes of the chunk on both sides, and where they meet; a new largest one starts again.
inline void add_tops(SoftSums& s, const Chunk& chunk, int offset, int classes, int tile, f64v top_q, f64v top_p) {
    const i64v same_q = top_q == s.top_q, same_p = top_p == s.top_p;
    f64v ties_q = where(same_q, s.ties_q), ties_p = where(same_p, s.ties_p);
    f64v p_at_top = where(same_q, s.p_at_top), both = where(same_q & same_p, s.both);
    for (int c = 0; c < classes; ++c) {
        const int at = c * tile + offset;
        const f64v p = load(chunk.p + at), q = load(chunk.q + at);
        const i64v is_q = q == top_q, is_p = p == top_p;
        ties_q = select(is_q, ties_q + 1.0, ties_q);
        ties_p = select(is_p, ties_p + 1.0, ties_p);
        p_at_top = select(is_q, p_at_top + p, p_at_top);
        both = select(is_q & is_p, both + 1.0, both);
    }
    s.ties_q = ties_q, s.ties_p = ties_p, s.p_at_top = p_at_top, s.both = both, s.top_q = top_q, s.top_p = top_p;
}

inline void add_chunk(SoftSums& kept, const Chunk& chunk, int offset, int classes, int tile) {
    SoftSums s = kept;
    f64v top_q = s.top_q, top_p = s.top_p;
    for (int c = 0; c < classes; ++c) {
        const int at = c * tile + offset;
        const f64v p = load(chunk.p + at), q = load(chunk.q + at);
        s.p += p;
        s.q += q;
        s.ce = select(p != 0.0, fma(-p, load(chunk.log_q + at), s.ce), s.ce);  // 0·log 0 = 0
        s.h = fma(-p, load(chunk.log_p + at), s.h);
        const f64v difference = p - q;
        s.abs += magnitude(difference);
        s.square = fma(difference, difference, s.square);
        s.pq = fma(p, q, s.pq);
        s.qq = fma(q, q, s.qq);
        s.pp = fma(p, p, s.pp);
        top_q = larger(top_q, q);
        top_p = larger(top_p, p);
    }
    add_tops(s, chunk, offset, classes, tile, top_q, top_p);
    kept = s;
}

struct Columns {  // one tile of values
    alignas(64) double value[slots][largest_tile];
};

// False when the rows of p or q do not sum to 1.
inline i64v finish(const SoftSums& s, const Source& people, const Chunk& chunk, int offset, int64_t classes, Columns& out) {
    const f64v half = splat(classes == 2 ? 0.5 : 1.0), none = splat(__builtin_nan(""));
    const double allowed = row_tolerance * static_cast<double>(classes);
    const f64v infinite = splat(__builtin_inf());
    const auto put = [&](Slot slot, f64v v) { store(out.value[slot] + offset, v); };
    put(cross_entropy, s.ce);
    put(entropy, s.h);
    put(kl_divergence, select(s.ce == infinite, infinite, s.ce - s.h));
    put(absolute_error, s.abs * half);
    put(squared_error, s.square * half);
    const f64v cross = s.qq - 2.0 * s.pq;
    put(brier, (1.0 + cross) * half);
    put(accuracy, s.p_at_top / s.ties_q);
    put(majority_accuracy, s.both / (s.ties_q * s.ties_p));
    if (people.kind == Kind::counts) {
        const f64v K = load(chunk.K + offset), alike = load(chunk.repeats + offset) / (K * (K - 1.0));
        put(squared_distance, select(K < 2.0, none, (alike + cross) * half));
        put(disagreement, select(K < 2.0, none, (1.0 - alike) * half));
    } else {
        put(squared_distance, s.square * half);
        put(disagreement, (1.0 - s.pp) * half);
    }
    return ~(magnitude(s.q - 1.0) <= allowed) | ~(magnitude(s.p - 1.0) <= allowed);
}

// Labels: p is 1 at one class.
struct LabelSums {
    f64v q, at_label, log_at_label, others, top, ties;
};

inline void clear(LabelSums& s) {
    s.q = s.at_label = s.log_at_label = s.others = s.ties = f64v{};
    s.top = splat(-1.0);
}

inline void add_chunk(LabelSums& kept, const Chunk& chunk, int offset, int64_t first, int classes, bool logs, int tile) {
    LabelSums s = kept;
    const f64v y = load(chunk.y + offset);
    for (int c = 0; c < classes; ++c) {
        const int at = c * tile + offset;
        const f64v q = load(chunk.q + at);
        const i64v label = y == static_cast<double>(first + c);
        s.q += q;
        s.at_label += where(label, q);
        if (logs) s.log_at_label = select(label, load(chunk.log_q + at), s.log_at_label);
        s.others = fma(q, where(~label, q), s.others);
        const f64v top = larger(s.top, q);
        s.ties = where(top == s.top, s.ties) + where(q == top, one);
        s.top = top;
    }
    kept = s;
}

inline i64v finish(const LabelSums& s, int offset, int64_t classes, bool logs, Columns& out) {
    const f64v half = splat(classes == 2 ? 0.5 : 1.0), miss = 1.0 - s.at_label;
    store(out.value[cross_entropy] + offset, 0.0 - (logs ? s.log_at_label : log_of_probability(s.at_label)));
    store(out.value[absolute_error] + offset, (miss + (s.q - s.at_label)) * half);
    store(out.value[brier] + offset, fma(miss, miss, s.others) * half);
    store(out.value[accuracy] + offset, where(s.at_label == s.top, 1.0 / s.ties));
    return ~(magnitude(s.q - 1.0) <= row_tolerance * static_cast<double>(classes));
}

// One label and the probability of one of two classes. With q the label's own probability, its complement is the
// other one's: nothing else is needed. False when a probability is outside its domain.
inline bool binary_columns(const Source& model, const Chunk& chunk, int count, Columns& out) {
    i64v bad = {};
    for (int i = 0; i < count; i += lanes) {
        const f64v given = load(chunk.q + i), rest = 1.0 - given;
        bad |= ~((given >= 0.0) & (given <= 1.0));
        const i64v is_given = load(chunk.y + i) == static_cast<double>(model.positive);
        const f64v q = select(is_given, given, rest), other = select(is_given, rest, given);
        store(out.value[cross_entropy] + i, q);
        store(out.value[absolute_error] + i, other);
        store(out.value[brier] + i, other * other);
        store(out.value[accuracy] + i, select(q == other, splat(0.5), where(q > other, one)));
    }
    logs_of_probabilities(out.value[cross_entropy], out.value[cross_entropy], count);
    for (int i = 0; i < count; i += lanes) store(out.value[cross_entropy] + i, 0.0 - load(out.value[cross_entropy] + i));
    return !any(bad);
}

}  // namespace bitsapart::BITSAPART_LEVEL
