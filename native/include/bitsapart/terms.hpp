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

inline void add_chunk(SoftSums& kept, const Chunk& chunk, int offset, int classes, int tile) {
    SoftSums s = kept;
    for (int c = 0; c < classes; ++c) {
        const int at = c * tile + offset;
        const f64v p = load(chunk.p + at), q = load(chunk.q + at);
        const i64v said = p != 0.0;
        s.p += p;
        s.q += q;
        s.ce -= where(said, p * load(chunk.log_q + at));  // 0·log 0 = 0
        s.h -= p * load(chunk.log_p + at);
        const f64v difference = p - q;
        s.abs += magnitude(difference);
        s.square = fma(difference, difference, s.square);
        s.pq = fma(p, q, s.pq);
        s.qq = fma(q, q, s.qq);
        s.pp = fma(p, p, s.pp);
        // The largest classes so far, on both sides, and where they meet; a new largest one starts again.
        const f64v top_q = larger(s.top_q, q), top_p = larger(s.top_p, p);
        const i64v same_q = top_q == s.top_q, same_p = top_p == s.top_p, is_q = q == top_q, is_p = p == top_p;
        s.ties_q = where(same_q, s.ties_q) + where(is_q, one);
        s.ties_p = where(same_p, s.ties_p) + where(is_p, one);
        s.p_at_top = where(same_q, s.p_at_top) + where(is_q, p);
        s.both = where(same_q & same_p, s.both) + where(is_q & is_p, one);
        s.top_q = top_q;
        s.top_p = top_p;
    }
    kept = s;
}

inline SoftSums no_soft_sums() {
    SoftSums s = {};
    s.top_q = s.top_p = splat(-1.0);
    return s;
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

}  // namespace bitsapart::BITSAPART_LEVEL
