// Labels against long rows of logits: one sweep over each row, no maximum first, nothing stored.
//
// With the label's own logit as origin, S = Σ exp(z − z_y) ≥ 1: cross-entropy log S, q_y = 1/S, Σq² = Σexp²/S². A row
// whose S² would overflow (a label some 170 nats below another class), or whose label has −∞, or which holds NaN or
// +∞, is left to the general path (that one row, so that no item depends on its neighbours).
#pragma once

#include "bitsapart/terms.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr int64_t shortest_row = 32;

struct RowSums {
    double sum, squares, farthest, level;  // Σe, Σe², max(z − z_y), #(z ≥ z_y)
};

template <class T>
inline RowSums sweep(const char* row, int64_t classes, double origin) {
    constexpr int step = 4 * lanes;
    f64v sum[4] = {}, squares[4] = {}, farthest[4], level[4] = {};
    for (f64v& f : farthest) f = f64v{};
    const auto add = [&](int k, const double* z) {
        const f64v d = load(z) - origin;
        const f64v e = exp_within(select(d > 175.0, splat(175.0), larger(splat(-708.0), d)));
        sum[k] += e;
        squares[k] = fma(e, e, squares[k]);
        farthest[k] = larger(farthest[k], d);
        level[k] += where(d >= 0.0, one);
    };
    double z[step];
    int64_t c = 0;
    for (; c + step <= classes; c += step) {
        for (int i = 0; i < step; ++i) z[i] = read<T>(row + (c + i) * sizeof(T));
        for (int k = 0; k < 4; ++k) add(k, z + k * lanes);
    }
    if (c < classes) {
        for (int i = 0; i < step; ++i) z[i] = c + i < classes ? read<T>(row + (c + i) * sizeof(T)) : -__builtin_inf();
        for (int k = 0; k < 4; ++k) add(k, z + k * lanes);
    }
    RowSums r = {0, 0, 0, 0};
    const f64v e = (sum[0] + sum[1]) + (sum[2] + sum[3]), ee = (squares[0] + squares[1]) + (squares[2] + squares[3]);
    const f64v far = larger(larger(farthest[0], farthest[1]), larger(farthest[2], farthest[3]));
    const f64v at = (level[0] + level[1]) + (level[2] + level[3]);
    for (int i = 0; i < lanes; ++i) {
        r.sum += e[i];
        r.squares += ee[i];
        r.farthest = far[i] > r.farthest ? far[i] : r.farthest;
        r.level += at[i];
    }
    return r;
}

// Fills the label columns of a tile; done[i] says which rows.
inline void logit_rows(const Source& model, int64_t item, int count, Chunk& chunk, Columns& out, bool* done) {
    alignas(64) double S[largest_tile], squares[largest_tile];
    const Column& column = model.column[0];
    with_type(column.type, [&]<class T>() {
        for (int i = 0; i < count; ++i) {
            const char* row = column.data + (item + i) * column.stride;
            const double origin = read<T>(row + static_cast<int64_t>(chunk.y[i]) * static_cast<int64_t>(sizeof(T)));
            const RowSums r = sweep<T>(row, model.classes, origin);
            done[i] = r.farthest < 170.0 && r.sum >= 1.0 && origin - origin == 0.0;
            S[i] = done[i] ? r.sum : 1.0;
            squares[i] = r.squares;
            out.value[accuracy][i] = r.farthest > 0.0 ? 0.0 : 1.0 / r.level;
        }
    });
    for (int i = count; i % lanes != 0; ++i) S[i] = squares[i] = 1.0;
    for (int i = 0; i < count; i += lanes) {
        const f64v s = load(S + i), q = 1.0 / s, miss = (s - 1.0) / s;
        store(out.value[cross_entropy] + i, log_of_normal(s, f64v{}));
        store(out.value[absolute_error] + i, 2.0 * miss);
        store(out.value[brier] + i, fma(miss, miss, (load(squares + i) - 1.0) * q * q));
    }
}

}  // namespace bitsapart::BITSAPART_LEVEL
