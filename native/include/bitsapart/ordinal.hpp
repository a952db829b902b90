// The ranked probability score of ordered classes: squared differences of the cumulated shares at the C − 1 cuts.
#pragma once

#include "bitsapart/terms.hpp"

namespace bitsapart::BITSAPART_LEVEL {

struct OrdinalSums {
    f64v P, Q, score, unbiased;
};

// Σ_cuts (P − Q)², and without bias M(M − 1)/(K(K − 1)) − 2QM/K + Q², M = K·P people at or below the cut.
inline void add_chunk(OrdinalSums& s, const Chunk& chunk, const Source& people, int offset, int64_t first, int classes,
                      int tile) {
    for (int c = 0; c < classes && first + c + 1 < people.classes; ++c) {
        const int at = c * tile + offset;
        s.P += load(chunk.p + at);
        s.Q += load(chunk.q + at);
        const f64v difference = s.P - s.Q;
        s.score = fma(difference, difference, s.score);
        if (people.kind != Kind::counts) continue;
        const f64v K = load(chunk.K + offset), M = K * s.P;
        s.unbiased += M * (M - 1.0) / (K * (K - 1.0)) - 2.0 * s.Q * s.P + s.Q * s.Q;
    }
}

inline void finish(const OrdinalSums& s, const Source& people, const Chunk& chunk, int offset, Columns& out) {
    const f64v none = splat(__builtin_nan(""));
    store(out.value[ranked_probability_score] + offset, s.score);
    f64v unbiased = people.kind == Kind::probs ? s.score : none;
    if (people.kind == Kind::counts) unbiased = select(load(chunk.K + offset) < 2.0, none, s.unbiased);
    store(out.value[unbiased_ranked_probability_score] + offset, unbiased);
}

}  // namespace bitsapart::BITSAPART_LEVEL
