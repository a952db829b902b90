// The items with the largest finite cross-entropy, on the grid: a small heap whose root is the smallest one kept.
#pragma once

#include "bitsapart/source.hpp"

namespace bitsapart::BITSAPART_LEVEL {

inline void sink(Worst& w, int at, double value, int64_t row) {
    for (int child = 2 * at + 1; child < w.kept; child = 2 * at + 1) {
        if (child + 1 < w.kept && w.value[child + 1] < w.value[child]) ++child;
        if (!(w.value[child] < value)) break;
        w.value[at] = w.value[child];
        w.row[at] = w.row[child];
        at = child;
    }
    w.value[at] = value;
    w.row[at] = row;
}

inline void offer(Worst& w, double value, int64_t row) {
    if (w.kept < w.room) {
        int at = w.kept++;
        for (int parent = (at - 1) / 2; at > 0 && value < w.value[parent]; parent = (at - 1) / 2) {
            w.value[at] = w.value[parent];
            w.row[at] = w.row[parent];
            at = parent;
        }
        w.value[at] = value;
        w.row[at] = row;
    } else if (value > w.value[0]) {
        w.dropped = w.value[0] > w.dropped ? w.value[0] : w.dropped;
        sink(w, 0, value, row);
    } else {
        w.dropped = value > w.dropped ? value : w.dropped;
    }
}

inline f64v on_grid(f64v v) { return select(v < 1.0, (v + 1.0) - 1.0, v); }  // for v ≥ 0

// A tile at once: mostly nothing in it is larger than what is kept.
inline void offer_tile(Worst& w, const double* value, int count, int64_t first_row) {
    if (w.room == 0) return;
    const f64v least = splat(w.kept == w.room ? w.value[0] : -1.0), infinite = splat(__builtin_inf());
    i64v near = {};
    for (int i = 0; i < count; i += lanes) near |= load(value + i) >= least - 0x1p-52;
    if (!any(near)) return;
    i64v larger_ones = {}, level = {};
    for (int i = 0; i < count; i += lanes) {
        const f64v v = on_grid(load(value + i));
        larger_ones |= (v > least) & (v < infinite);
        level |= v == least;
    }
    if (any(level)) w.dropped = w.kept == w.room && w.value[0] > w.dropped ? w.value[0] : w.dropped;
    if (!any(larger_ones)) return;
    for (int i = 0; i < count; ++i) {
        const double v = value[i] < 1.0 ? (value[i] + 1.0) - 1.0 : value[i];
        if (v < __builtin_inf()) offer(w, v, first_row + i);
    }
}

}  // namespace bitsapart::BITSAPART_LEVEL
