// The items with the largest cross-entropy: a small heap whose root is the smallest one kept.
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

// A tile at once: mostly nothing in it is larger than what is kept.
inline void offer_tile(Worst& w, const double* value, int count, int64_t first_row) {
    if (w.room == 0) return;
    f64v top = splat(-__builtin_inf());
    for (int i = 0; i < count; i += lanes) top = larger(load(value + i), top);
    double largest = top[0];
    for (int i = 1; i < lanes; ++i) largest = top[i] > largest ? top[i] : largest;
    if (w.kept == w.room && !(largest > w.value[0])) {
        w.dropped = largest > w.dropped ? largest : w.dropped;
        return;
    }
    for (int i = 0; i < count; ++i)
        if (value[i] == value[i]) offer(w, value[i], first_row + i);  // NaN: an item of weight 0
}

}  // namespace bitsapart::BITSAPART_LEVEL
