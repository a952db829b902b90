// The tally's kernels; compiled once per SIMD level.
#include "bitsapart/tally.hpp"

#include "bitsapart/block.hpp"

namespace bitsapart::BITSAPART_LEVEL {
namespace {

// Which columns are summed: the others are 0, the same as another column, or the same for every model.
bool is_summed(const Block& block, int model, int slot) {
    const Kind people = block.people.kind;
    switch (slot) {
        case cross_entropy: case absolute_error: case brier: case accuracy: return true;
        case entropy: case disagreement: return people != Kind::labels && model == 0;
        case kl_divergence: case squared_error: case majority_accuracy: return people != Kind::labels;
        case squared_distance: return people == Kind::counts;
        case judged_cross_entropy: return people == Kind::counts && !block.by_judgement;
        case ranked_probability_score: return block.ordinal;
        case unbiased_ranked_probability_score: return block.ordinal && people != Kind::labels;
        default: return false;
    }
}

bool is_weighted(const Block& block) {
    return block.weight != nullptr || (block.by_judgement && block.people.kind == Kind::counts);
}

// The tile's weights, those of its judgements, and how many judgements its items have.
void weigh(const Block& block, int64_t item, int count, Work& work, BlockSums& sums) {
    const bool counts = block.people.kind == Kind::counts;
    if (!counts) {
        sums.judgements += count;
        sums.panels[1] += count;
        if (block.weight != nullptr)
            std::memcpy(work.weight, block.weight + item, static_cast<size_t>(count) * sizeof(double));
        return;
    }
    for (int i = 0; i < count; ++i) {
        const double w = block.weight != nullptr ? block.weight[item + i] : 1.0;
        const int64_t K = static_cast<int64_t>(work.chunk.K[i]);
        work.judged[i] = w * work.chunk.K[i];
        work.weight[i] = block.by_judgement ? work.judged[i] : w;
        sums.judgements += K;
        ++sums.panels[K <= largest_counted_panel ? K : 0];
    }
}

struct Running {  // sums on their way, for one model
    FastSums column[judged_cross_entropy];
    FastSum third, fourth;
};
struct Weighted {  // the same with weights, where something is weighted
    ByExponent column[judged_cross_entropy + 1];
};

bool needs_weighted(const Block& block) { return block.weight != nullptr || block.people.kind == Kind::counts; }

// A thread's memory: Work, then for each model Running, then Weighted.
struct Memory {
    Work& work;
    Running* running;
    Weighted* weighted;

    Memory(void* memory, int model_count)
        : work(*static_cast<Work*>(memory)), running(reinterpret_cast<Running*>(&work + 1)),
          weighted(reinterpret_cast<Weighted*>(running + model_count)) {}
};

void add_powers(const double* value, int count, Running& fast, ModelSums& sums) {
    for (int i = 0; i < count; i += lanes) {
        f64v d = load(value + i);
        for (int j = count - i; j < lanes; ++j) d[j] = 0.0;
        add_to_sum(fast.third, sums.column[third_power], d * d * d);
        add_to_sum(fast.fourth, sums.column[fourth_power], (d * d) * (d * d));
    }
}

void add_columns(const Block& block, int model, int64_t item, int count, const Memory& memory, ModelSums& sums) {
    Work& work = memory.work;
    Running& fast = memory.running[model];
    ByExponent* weighted = memory.weighted[model].column;
    double* loss = work.columns.value[cross_entropy];
    offer_tile(sums.worst, loss, count, item);
    if (block.tails) add_powers(loss, count, fast, sums);
    if (is_summed(block, model, judged_cross_entropy))
        add_weighted(weighted[judged_cross_entropy], sums.column[judged_cross_entropy], loss, work.judged, count, item);
    for (int slot = 0; slot < judged_cross_entropy; ++slot) {
        if (!is_summed(block, model, slot)) continue;
        if (is_weighted(block))
            add_weighted(weighted[slot], sums.column[slot], work.columns.value[slot], work.weight, count, item);
        else if (slot == accuracy || slot == majority_accuracy)
            add_shares(fast.column[slot], sums.column[slot], work.columns.value[slot], count, item);
        else
            add_values(fast.column[slot], sums.column[slot], work.columns.value[slot], count, item);
    }
}

void put_columns(const Block& block, int model, int64_t item, int count, const Work& work) {
    for (int k = 0; k < block.out_slots; ++k)
        std::memcpy(block.out + (static_cast<int64_t>(model) * block.out_slots + k) * block.items + item,
                    work.columns.value[block.slot[k]], static_cast<size_t>(count) * sizeof(double));
}

bool good_weights(const Block& block, int64_t item, int count) {
    bool good = true;
    for (int i = 0; block.weight != nullptr && i < count; ++i)
        good &= block.weight[item + i] >= 0.0 && block.weight[item + i] <= largest_value;
    return good;
}

bool load_people(const Block& block, int64_t item, int count, Work& work, int tile) {
    bool ok = good_weights(block, item, count) && load_panels(block.people, item, count, work.chunk, tile);
    const bool soft = block.people.kind != Kind::labels || block.ordinal;
    if (ok && soft && block.classes <= chunk_classes)
        ok = people_chunk(block.people, item, count, 0, static_cast<int>(block.classes), work.chunk, tile);
    return ok;
}

void flush_all(const Block& block, const Memory& memory, BlockSums& sums) {
    for (int m = 0; m < block.model_count; ++m) {
        ColumnSums* column = sums.models[m].column;
        Running& fast = memory.running[m];
        flush(fast.third, column[third_power]);
        flush(fast.fourth, column[fourth_power]);
        for (int slot = 0; slot < judged_cross_entropy && !is_weighted(block); ++slot) {
            flush(fast.column[slot], column[slot]);
            finish_unweighted(column[slot]);
        }
        for (int slot = 0; slot <= judged_cross_entropy && needs_weighted(block); ++slot)
            flush(memory.weighted[m].column[slot], column[slot]);
    }
}

bool add_tile(const Block& block, int64_t item, int count, int tile, const Memory& memory, BlockSums& sums) {
    Work& work = memory.work;
    if (!load_people(block, item, count, work, tile)) return false;
    if (block.out == nullptr) weigh(block, item, count, work, sums);
    for (int m = 0; m < block.model_count; ++m) {
        if (!model_columns(block, block.models[m], item, count, work, tile)) return false;
        if (block.out != nullptr)
            put_columns(block, m, item, count, work);
        else
            add_columns(block, m, item, count, memory, sums.models[m]);
    }
    return true;
}

void add_block(const Block& block, int64_t begin, int64_t end, BlockSums& sums, void* scratch) {
    const Memory memory(scratch, block.model_count);
    const int tile = tile_for(block.classes);
    for (int64_t item = begin; item < end; item += tile) {
        const int count = static_cast<int>(end - item < tile ? end - item : tile);
        if (add_tile(block, item, count, tile, memory, sums)) continue;
        sums.fault = first_fault(block, item, item + count);
        if (sums.fault.row < 0) sums.fault = {item, 0, -1, Reason::row_sum, __builtin_nan("")};
        return;
    }
    if (block.out == nullptr) flush_all(block, memory, sums);
}

int64_t scratch_bytes(const Block& block) {
    const size_t each = sizeof(Running) + (needs_weighted(block) && block.out == nullptr ? sizeof(Weighted) : 0);
    return static_cast<int64_t>(sizeof(Work) + static_cast<size_t>(block.model_count) * each);
}

// Rows of probabilities (and their logarithms): what a representation stands for.
Fault distributions(const Source& source, int side, int64_t begin, int64_t end, double* probs, double* logs, void* scratch) {
    Chunk& chunk = static_cast<Work*>(scratch)->chunk;
    const int tile = tile_for(source.classes);
    const int64_t C = source.classes;
    for (int64_t item = begin; item < end; item += tile) {
        const int count = static_cast<int>(end - item < tile ? end - item : tile);
        bool ok = load_panels(source, item, count, chunk, tile);
        if (source.kind == Kind::logits) ok = ok && load_logit_sums(source, item, count, chunk, tile);
        for (int64_t first = 0; ok && first < C; first += chunk_classes) {
            const int classes = static_cast<int>(C - first < chunk_classes ? C - first : chunk_classes);
            const bool counts = source.kind == Kind::counts;
            ok = counts ? people_chunk(source, item, count, first, classes, chunk, tile)
                        : model_chunk(source, item, count, first, classes, logs != nullptr, chunk, tile);
            const double *p = counts ? chunk.p : chunk.q, *log_p = counts ? chunk.log_p : chunk.log_q;
            for (int c = 0; c < classes; ++c)
                for (int i = 0; i < count; ++i) {
                    probs[(item + i) * C + first + c] = p[c * tile + i];
                    if (logs != nullptr) logs[(item + i) * C + first + c] = log_p[c * tile + i];
                }
        }
        for (int64_t row = item; row < item + count; ++row) {
            const Fault fault = ok ? sum_fault(source, row, side, probs + row * C) : row_fault(source, row, side);
            if (fault.row >= 0) return fault;
        }
    }
    return {-1, 0, 0, Reason::none, 0};
}

// A column that is there already, without and with weights.
void add_column(const double* value, const double* weight, int64_t begin, int64_t end, ColumnSums& sums) {
    FastSums fast = {};
    ByExponent weighted = {};
    alignas(64) double tile[largest_tile];
    for (int64_t item = begin; item < end; item += largest_tile) {
        const int count = static_cast<int>(end - item < largest_tile ? end - item : largest_tile);
        if (weight != nullptr) {
            add_weighted(weighted, sums, value + item, weight + item, count, item);
            continue;
        }
        std::memcpy(tile, value + item, static_cast<size_t>(count) * sizeof(double));
        add_values(fast, sums, tile, count, item);
    }
    flush(fast, sums);
    flush(weighted, sums);
    if (weight == nullptr) finish_unweighted(sums);
}

// Each item into the sums of its group.
void add_groups(const double* value, const double* weight, const int64_t* code, int64_t items, ColumnSums* groups) {
    for (int64_t i = 0; i < items; ++i) add_weighted(groups[code[i]], value[i], weight != nullptr ? weight[i] : 1.0, i);
}

void add_power_sums(const double* value, int64_t items, ColumnSums& third, ColumnSums& fourth) {
    FastSum cubes = {}, fourths = {};
    for (int64_t i = 0; i < items; i += lanes) {
        f64v d = {};
        std::memcpy(&d, value + i, static_cast<size_t>(items - i < lanes ? items - i : lanes) * sizeof(double));
        add_to_sum(cubes, third, d * d * d);
        add_to_sum(fourths, fourth, (d * d) * (d * d));
    }
    flush(cubes, third);
    flush(fourths, fourth);
}

template <f64v (*function)(f64v)>
void apply(const double* x, int64_t count, double* out) {
    for (int64_t i = 0; i < count; i += lanes) {
        f64v v = {};
        const size_t bytes = static_cast<size_t>(count - i < lanes ? count - i : lanes) * sizeof(double);
        std::memcpy(&v, x + i, bytes);
        v = function(v);
        std::memcpy(out + i, &v, bytes);
    }
}

}  // namespace

extern const TallyKernels tally_kernels = {
    add_block, scratch_bytes, distributions, add_column, add_groups, add_power_sums, apply<log>, apply<exp>};

}  // namespace bitsapart::BITSAPART_LEVEL
