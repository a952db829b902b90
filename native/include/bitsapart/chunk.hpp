// A tile of items × a chunk of classes as probabilities and their logarithms, whatever the representation was.
//
// Item i of class c stands at [c·tile + i]; a tile with all its chunks fits the first cache. `ok` turns false when a
// value is outside its domain; faults.hpp then finds the first one.
#pragma once

#include <cmath>

#include "bitsapart/exponential.hpp"
#include "bitsapart/load.hpp"
#include "bitsapart/logarithm.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr int chunk_values = 1024, chunk_classes = 16;

inline int tile_for(int64_t classes) {
    const int64_t share = chunk_values / (classes < chunk_classes ? classes : chunk_classes);
    return share >= largest_tile ? largest_tile : share >= 128 ? 128 : 64;
}

struct alignas(64) Chunk {
    double p[chunk_values], log_p[chunk_values], q[chunk_values], log_q[chunk_values];
    double y[largest_tile];                          // labels
    double K[largest_tile], repeats[largest_tile];   // counts: Σn and Σn(n−1)
    double top[largest_tile], log_sum[largest_tile]; // logits: the largest one, and log Σ exp(z − largest)
};

inline bool has_pair(const Source& source) { return source.single && source.kind != Kind::labels; }

// One column stands for two classes: the other probability is 1 − q (its logit 0).
inline void complete_pair(const Source& source, double* q, int count, int tile) {
    double* given = q + source.positive * tile;
    double* other = q + (1 - source.positive) * tile;
    if (source.positive == 1)
        for (int i = 0; i < count; ++i) given[i] = q[i];
    for (int i = 0; i < count; i += lanes) {
        const f64v x = load(given + i);
        store(other + i, source.kind == Kind::logits ? splat(0.0) : 1.0 - x);
    }
    if (source.kind == Kind::log_probs)
        for (int i = 0; i < count; ++i)  // log(1 − exp l), without loss near l = 0
            other[i] = given[i] > -0.69 ? std::log(-std::expm1(given[i])) : std::log1p(-std::exp(given[i]));
    for (int i = count; i % lanes != 0; ++i) given[i] = given[count - 1], other[i] = other[count - 1];
}

inline void load_chunk(const Source& source, int64_t item, int count, int64_t first, int classes, double* out, int tile) {
    if (source.kind == Kind::labels) {  // one-hot
        double code[largest_tile];
        load_columns(source, item, count, 0, 1, code, tile);
        for (int c = 0; c < classes; ++c)
            for (int i = 0; i < count; i += lanes)
                store(out + c * tile + i, where(load(code + i) == static_cast<double>(first + c), splat(1.0)));
    } else if (source.single) {
        load_columns(source, item, count, 0, 1, out, tile);
        complete_pair(source, out, count, tile);
    } else {
        load_columns(source, item, count, first, classes, out, tile);
    }
}

// What people said, before the chunks: labels, or each item's number of judgements.
inline bool load_panels(const Source& people, int64_t item, int count, Chunk& chunk, int tile) {
    i64v bad = {};
    if (people.kind == Kind::labels) {
        load_columns(people, item, count, 0, 1, chunk.y, tile);
        for (int i = 0; i < count; i += lanes) {
            const f64v y = load(chunk.y + i);
            bad |= ~((y >= 0.0) & (y < static_cast<double>(people.classes)) & (y == (y + 0x1p52) - 0x1p52));
        }
        return !any(bad);
    }
    if (people.kind != Kind::counts) return true;
    for (int i = 0; i < count; i += lanes) store(chunk.K + i, f64v{}), store(chunk.repeats + i, f64v{});
    for (int64_t c = 0; c < people.classes; c += chunk_classes) {
        const int classes = static_cast<int>(people.classes - c < chunk_classes ? people.classes - c : chunk_classes);
        load_chunk(people, item, count, c, classes, chunk.p, tile);
        for (int i = 0; i < count; i += lanes) {
            f64v K = load(chunk.K + i), repeats = load(chunk.repeats + i);
            for (int k = 0; k < classes; ++k) {
                const f64v n = load(chunk.p + k * tile + i);
                bad |= ~((n >= 0.0) & (n < largest_panel) & (n == (n + 0x1p52) - 0x1p52));
                K += n;
                repeats += n * (n - 1.0);
            }
            store(chunk.K + i, K);
            store(chunk.repeats + i, repeats);
        }
    }
    for (int i = 0; i < count; i += lanes) {
        const f64v K = load(chunk.K + i);
        bad |= ~((K >= 1.0) & (K < largest_panel));
    }
    return !any(bad);
}

// p and log p of a chunk (0 where p = 0, so that 0·log 0 = 0 needs no care).
inline bool people_chunk(const Source& people, int64_t item, int count, int64_t first, int classes, Chunk& chunk, int tile) {
    if (people.kind != Kind::counts || people.classes > chunk_classes)
        load_chunk(people, item, count, first, classes, chunk.p, tile);
    i64v bad = {};
    for (int c = 0; c < classes; ++c) {
        double* log_c = chunk.log_p + c * tile;
        for (int i = 0; i < count; i += lanes) {
            f64v p = load(chunk.p + c * tile + i);
            if (people.kind == Kind::counts) store(chunk.p + c * tile + i, p = p / load(chunk.K + i));
            bad |= ~((p >= 0.0) & (p <= 1.0));
            store(log_c + i, select(p == 0.0, splat(1.0), p));
        }
        logs_of_probabilities(log_c, log_c, count);
    }
    return !any(bad);
}

// Logits, before the chunks: the largest one and log Σ exp(z − largest) of each item.
inline bool load_logit_sums(const Source& model, int64_t item, int count, Chunk& chunk, int tile) {
    i64v bad = {};
    for (int i = 0; i < count; i += lanes) store(chunk.top + i, splat(-__builtin_inf())), store(chunk.log_sum + i, f64v{});
    for (int64_t first = 0; first < model.classes; first += chunk_classes) {
        const int classes = static_cast<int>(model.classes - first < chunk_classes ? model.classes - first : chunk_classes);
        load_chunk(model, item, count, first, classes, chunk.q, tile);
        for (int i = 0; i < count; i += lanes) {
            const f64v before = load(chunk.top + i);
            f64v top = before, sum = load(chunk.log_sum + i);
            for (int c = 0; c < classes; ++c) {
                const f64v z = load(chunk.q + c * tile + i);
                bad |= ~(z < __builtin_inf());
                top = larger(top, z);
            }
            const f64v origin = select(top == -__builtin_inf(), splat(0.0), top);
            sum = sum * select(before == top, splat(1.0), exp(before - origin));
            for (int c = 0; c < classes; ++c) sum += exp(load(chunk.q + c * tile + i) - origin);
            store(chunk.top + i, top);
            store(chunk.log_sum + i, sum);
        }
    }
    for (int i = 0; i < count; i += lanes) {
        bad |= load(chunk.top + i) == -__builtin_inf();
        store(chunk.log_sum + i, log(load(chunk.log_sum + i)));
    }
    return !any(bad);
}

// q and log q of a chunk. Labels read log q only at the label, so probabilities take their logarithm later.
inline bool model_chunk(const Source& model, int64_t item, int count, int64_t first, int classes, bool logs, Chunk& chunk,
                        int tile) {
    if (model.kind != Kind::logits || model.classes > chunk_classes)
        load_chunk(model, item, count, first, classes, chunk.q, tile);
    i64v bad = {};
    for (int c = 0; c < classes; ++c) {
        double* q_c = chunk.q + c * tile;
        double* log_c = chunk.log_q + c * tile;
        if (model.kind == Kind::probs || model.kind == Kind::labels) {
            for (int i = 0; i < count; i += lanes) bad |= ~((load(q_c + i) >= 0.0) & (load(q_c + i) <= 1.0));
            if (logs) logs_of_probabilities(q_c, log_c, count);
            continue;
        }
        for (int i = 0; i < count; i += lanes) {
            const f64v x = load(q_c + i);
            const f64v l = model.kind == Kind::logits ? (x - load(chunk.top + i)) - load(chunk.log_sum + i) : x;
            bad |= ~(l <= 0.0);
            store(log_c + i, l);
        }
        exponentials_of(log_c, q_c, count);
    }
    return !any(bad);
}

}  // namespace bitsapart::BITSAPART_LEVEL
