// One thread's share of a block: tile by tile, people once, then every model's columns, then their exact sums.
#pragma once

#include "bitsapart/faults.hpp"
#include "bitsapart/logit_rows.hpp"
#include "bitsapart/ordinal.hpp"
#include "bitsapart/worst.hpp"

namespace bitsapart::BITSAPART_LEVEL {

struct Work {  // one thread's scratch
    Chunk chunk;
    Columns columns, single;
    alignas(64) double weight[largest_tile], judged[largest_tile];
    SoftSums soft[largest_tile / lanes];
    LabelSums label[largest_tile / lanes];
    OrdinalSums ordinal[largest_tile / lanes];
    bool done[largest_tile];
};

inline bool soft_columns(const Block& block, const Source& model, int64_t item, int count, Work& work, int tile) {
    const Source& people = block.people;
    bool ok = model.kind != Kind::logits || load_logit_sums(model, item, count, work.chunk, tile);
    for (int i = 0; i < count; i += lanes) clear(work.soft[i / lanes]);
    for (int i = 0; block.ordinal && i < count; i += lanes) work.ordinal[i / lanes] = OrdinalSums{};
    for (int64_t first = 0; first < block.classes; first += chunk_classes) {
        const int classes = static_cast<int>(block.classes - first < chunk_classes ? block.classes - first : chunk_classes);
        if (block.classes > chunk_classes) ok &= people_chunk(people, item, count, first, classes, work.chunk, tile);
        ok &= model_chunk(model, item, count, first, classes, true, work.chunk, tile);
        for (int i = 0; i < count; i += lanes) add_chunk(work.soft[i / lanes], work.chunk, i, classes, tile);
        for (int i = 0; block.ordinal && i < count; i += lanes)
            add_chunk(work.ordinal[i / lanes], work.chunk, people, i, first, classes, tile);
    }
    i64v bad = {};
    for (int i = 0; i < count; i += lanes) {
        bad |= finish(work.soft[i / lanes], people, work.chunk, i, block.classes, work.columns);
        if (block.ordinal) finish(work.ordinal[i / lanes], people, work.chunk, i, work.columns);
    }
    return ok && !any(bad);
}

inline bool label_columns(const Block& block, const Source& model, int64_t item, int count, Chunk& chunk, LabelSums* sums,
                          Columns& out, int tile) {
    const bool logs = model.kind == Kind::logits || model.kind == Kind::log_probs;
    bool ok = model.kind != Kind::logits || load_logit_sums(model, item, count, chunk, tile);
    for (int i = 0; i < count; i += lanes) clear(sums[i / lanes]);
    for (int64_t first = 0; first < block.classes; first += chunk_classes) {
        const int classes = static_cast<int>(block.classes - first < chunk_classes ? block.classes - first : chunk_classes);
        ok &= model_chunk(model, item, count, first, classes, false, chunk, tile);
        for (int i = 0; i < count; i += lanes) add_chunk(sums[i / lanes], chunk, i, first, classes, logs, tile);
    }
    i64v bad = {};
    for (int i = 0; i < count; i += lanes) bad |= finish(sums[i / lanes], i, block.classes, logs, out);
    return ok && !any(bad);
}

inline bool label_rows(const Block& block, const Source& model, int64_t item, int count, Work& work, int tile) {
    logit_rows(model, item, count, work.chunk, work.columns, work.done);
    bool ok = true;
    alignas(64) double labels[lanes];
    for (int i = 0; i < count; ++i) {
        if (work.done[i]) continue;
        store(labels, load(work.chunk.y));
        work.chunk.y[0] = work.chunk.y[i];
        ok &= label_columns(block, model, item + i, 1, work.chunk, work.label, work.single, tile);
        store(work.chunk.y, load(labels));
        for (int slot = 0; slot < slots; ++slot)
            work.columns.value[slot][i] = work.single.value[slot][0];
    }
    return ok;
}

// The columns of one model for one tile; false when something in it is outside its domain.
inline bool model_columns(const Block& block, const Source& model, int64_t item, int count, Work& work, int tile) {
    if (block.people.kind != Kind::labels || block.ordinal) return soft_columns(block, model, item, count, work, tile);
    if (model.kind == Kind::logits && model.rows && model.classes >= shortest_row)
        return label_rows(block, model, item, count, work, tile);
    if (model.kind == Kind::probs && model.single) {
        load_columns(model, item, count, 0, 1, work.chunk.q, tile);
        return binary_columns(model, work.chunk, count, work.columns);
    }
    return label_columns(block, model, item, count, work.chunk, work.label, work.columns, tile);
}

}  // namespace bitsapart::BITSAPART_LEVEL
