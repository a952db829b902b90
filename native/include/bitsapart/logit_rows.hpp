// Labels against long rows of logits: one sweep over each row, no maximum first, nothing stored.
//
// With the label's own logit as origin, S = Σ exp(z − z_y) ≥ 1: cross-entropy log S, q_y = 1/S, Σq² = Σexp²/S². A row
// whose S² would overflow (a label some 170 nats below another class), or whose label has −∞, or which holds NaN or
// +∞, is left to the general path (that one row, so that no item depends on its neighbours).
#pragma once

#include "bitsapart/softmax_vector.hpp"
#include "bitsapart/terms.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr int64_t shortest_row = 32;

// The largest of a row; anything where one is NaN.
template <class T>
inline double largest_of_row(const char* row, int64_t classes) {
    using Real = std::conditional_t<std::is_same_v<T, float>, float, double>;
    constexpr int few = 4, width = Vector<Real>::width;
    constexpr int64_t bytes = sizeof(T);
    typename Vector<Real>::type top[few];
    for (int j = 0; j < few; ++j) top[j] = splat(-static_cast<Real>(__builtin_inf()));
    int64_t c = 0;
    for (; c + few * width <= classes; c += few * width)
        for (int j = 0; j < few; ++j) {
            const char* at = row + (c + j * width) * bytes;
            if constexpr (std::is_same_v<T, float>) {
                f32v z;
                std::memcpy(&z, at, sizeof z);
                top[j] = larger(top[j], z);
            } else {
                top[j] = larger(top[j], read_lanes<T>(at));
            }
        }
    double rest = largest_of(larger(larger(top[0], top[1]), larger(top[2], top[3])));
    for (; c < classes; ++c) rest = std::max(rest, read<T>(row + c * bytes));
    return rest;
}

template <class T>
inline double how_often(const char* row, int64_t classes, double z) {
    constexpr int64_t bytes = sizeof(T);
    int64_t times = 0;
    for (int64_t c = 0; c < classes; ++c) times += read<T>(row + c * bytes) == z;
    return static_cast<double>(times);
}

struct RowSums {
    double sum, squares;  // Σe, Σe²
};

template <class T>
inline RowSums sweep(const char* row, int64_t classes, double origin) {
    constexpr int few = 4;
    constexpr int64_t bytes = sizeof(T);
    f64v sum = {}, squares = {};
    const auto add = [&]<int n>(const f64v (&z)[n]) __attribute__((always_inline)) {
        f64v e[n];
        for (int j = 0; j < n; ++j) e[j] = larger(splat(-708.0), z[j] - origin);  // above 709 the row is not used
        exp_within(e, e);
        for (int j = 0; j < n; ++j) sum += e[j];
        for (int j = 0; j < n; ++j) squares = fma(e[j], e[j], squares);
    };
    int64_t c = 0;
    for (; c + few * lanes <= classes; c += few * lanes) {
        f64v z[few];
        prefetch(row + c * bytes, few * lanes * bytes);
        for (int j = 0; j < few; ++j) z[j] = read_lanes<T>(row + (c + j * lanes) * bytes);
        add(z);
    }
    for (; c + lanes <= classes; c += lanes) {
        const f64v z[1] = {read_lanes<T>(row + c * bytes)};
        add(z);
    }
    if (c < classes) {
        f64v z[1] = {splat(-__builtin_inf())};
        for (int i = 0; c + i < classes; ++i) z[0][i] = read<T>(row + (c + i) * bytes);
        add(z);
    }
    return {sum_of(sum), sum_of(squares)};
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
            const double top = largest_of_row<T>(row, model.classes);
            const RowSums r = sweep<T>(row, model.classes, origin);
            done[i] = top - origin < 170.0 && r.sum >= 1.0 && origin - origin == 0.0;
            S[i] = done[i] ? r.sum : 1.0;
            squares[i] = r.squares;
            out.value[accuracy][i] = top > origin ? 0.0 : 1.0 / how_often<T>(row, model.classes, origin);
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
