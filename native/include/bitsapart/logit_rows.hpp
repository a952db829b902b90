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
    f64v sum = {}, squares = {}, farthest = {};
    i64v level = {};
    const auto add = [&]<int n>(const f64v (&z)[n]) __attribute__((always_inline)) {
        f64v d[n], e[n];
        for (int j = 0; j < n; ++j) d[j] = z[j] - origin;
        for (int j = 0; j < n; ++j) e[j] = smaller(splat(175.0), larger(splat(-708.0), d[j]));
        exp_within(e, e);
        for (int j = 0; j < n; ++j) {
            sum += e[j];
            squares = fma(e[j], e[j], squares);
            farthest = larger(farthest, d[j]);
            level += (d[j] >= 0.0) & 1;
        }
    };
    constexpr int64_t bytes = sizeof(T);
    int64_t c = 0;
    for (; c + 2 * lanes <= classes; c += 2 * lanes) {
        f64v z[2];
        prefetch(row + c * bytes, 2 * lanes * bytes);
        for (int j = 0; j < 2; ++j) z[j] = read_lanes<T>(row + (c + j * lanes) * bytes);
        add(z);
    }
    for (; c < classes; c += lanes) {
        f64v z[1] = {splat(-__builtin_inf())};
        for (int i = 0; i < lanes && c + i < classes; ++i) z[0][i] = read<T>(row + (c + i) * bytes);
        add(z);
    }
    RowSums r = {0, 0, 0, 0};
    for (int i = 0; i < lanes; ++i) {
        r.sum += sum[i];
        r.squares += squares[i];
        r.farthest = farthest[i] > r.farthest ? farthest[i] : r.farthest;
        r.level += static_cast<double>(level[i]);
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
            if (i + 4 < count)  // the labels' own logits stand anywhere in their rows
                __builtin_prefetch(row + 4 * column.stride + static_cast<int64_t>(chunk.y[i + 4]) * static_cast<int64_t>(sizeof(T)));
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
        store(out.value[cross_entropy] + i, log_of_probability(s));
        store(out.value[absolute_error] + i, 2.0 * miss);
        store(out.value[brier] + i, fma(miss, miss, (load(squares + i) - 1.0) * q * q));
    }
}

}  // namespace bitsapart::BITSAPART_LEVEL
