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
        case squared_distance: case judged_cross_entropy: return people == Kind::counts;
        case ranked_probability_score: return block.ordinal;
        case unbiased_ranked_probability_score: return block.ordinal && people == Kind::counts;
        default: return false;
    }
}

// The tile's weights, and those of its judgements; items of weight 0 leave every column.
int weigh(const Block& block, int64_t item, int count, Work& work) {
    const bool counts = block.people.kind == Kind::counts;
    int counted = 0;
    for (int i = 0; i < count; ++i) {
        const double w = block.weight != nullptr ? block.weight[item + i] : 1.0;
        work.judged[i] = counts ? w * work.chunk.K[i] : w;
        work.weight[i] = block.by_judgement ? work.judged[i] : w;
        counted += w > 0.0;
    }
    return counted;
}

void count_panels(const Block& block, int64_t, int count, const Work& work, BlockSums& sums) {
    for (int i = 0; i < count; ++i) {
        if (work.weight[i] == 0.0) continue;
        const int64_t K = block.people.kind == Kind::counts ? static_cast<int64_t>(work.chunk.K[i]) : 1;
        sums.judgements += K;
        ++sums.panels[K <= largest_counted_panel ? K : 0];
    }
}

void drop_weightless(int count, Work& work) {
    for (int slot = 0; slot < slots; ++slot)
        for (int i = 0; i < count; ++i)
            if (work.weight[i] == 0.0) work.columns.value[slot][i] = __builtin_nan("");
}

void add_columns(const Block& block, int model, int64_t item, int count, Work& work, FastSums* fast, ModelSums& sums) {
    if (block.weight != nullptr) drop_weightless(count, work);
    offer_tile(sums.worst, work.columns.value[cross_entropy], count, item);
    const bool weighted = block.weight != nullptr || (block.by_judgement && block.people.kind == Kind::counts);
    for (int slot = 0; slot < slots; ++slot) {
        if (!is_summed(block, model, slot)) continue;
        double* value = work.columns.value[slot == judged_cross_entropy ? static_cast<int>(cross_entropy) : slot];
        if (slot == judged_cross_entropy)
            add_weighted(sums.column[slot], value, work.judged, count, item);
        else if (weighted)
            add_weighted(sums.column[slot], value, work.weight, count, item);
        else
            add_values(fast[slot], sums.column[slot], value, count, item);
    }
}

void put_columns(const Block& block, int model, int64_t item, int count, const Work& work) {
    for (int slot = 0; slot < judged_cross_entropy; ++slot)
        std::memcpy(block.out[model] + slot * block.items + item, work.columns.value[slot],
                    static_cast<size_t>(count) * sizeof(double));
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

void flush_all(const Block& block, FastSums* fast, BlockSums& sums) {
    const bool weighted = block.weight != nullptr || (block.by_judgement && block.people.kind == Kind::counts);
    for (int m = 0; m < block.model_count; ++m)
        for (int slot = 0; slot < judged_cross_entropy && !weighted; ++slot) {
            flush(fast[m * slots + slot], sums.models[m].column[slot]);
            finish_unweighted(sums.models[m].column[slot]);
        }
}

void add_block(const Block& block, int64_t begin, int64_t end, BlockSums& sums, void* scratch) {
    Work& work = *static_cast<Work*>(scratch);
    FastSums* fast = reinterpret_cast<FastSums*>(static_cast<char*>(scratch) + sizeof(Work));
    const int tile = tile_for(block.classes);
    for (int64_t item = begin; item < end; item += tile) {
        const int count = static_cast<int>(end - item < tile ? end - item : tile);
        bool ok = load_people(block, item, count, work, tile);
        if (ok && block.out == nullptr) {
            sums.items += weigh(block, item, count, work);
            count_panels(block, item, count, work, sums);
        }
        for (int m = 0; ok && m < block.model_count; ++m) {
            ok = model_columns(block, block.models[m], item, count, work, tile);
            if (!ok) break;
            if (block.out != nullptr)
                put_columns(block, m, item, count, work);
            else
                add_columns(block, m, item, count, work, fast + m * slots, sums.models[m]);
        }
        if (ok && block.panel_size != nullptr)
            for (int i = 0; i < count; ++i)
                block.panel_size[item + i] = block.people.kind == Kind::counts ? work.chunk.K[i] : 1.0;
        if (!ok) {
            sums.fault = first_fault(block, item, item + count);
            if (sums.fault.row < 0) sums.fault = {item, 0, -1, Reason::row_sum, __builtin_nan("")};
            return;
        }
    }
    if (block.out == nullptr) flush_all(block, fast, sums);
}

int64_t scratch_bytes(int model_count) {
    return static_cast<int64_t>(sizeof(Work) + static_cast<size_t>(model_count) * slots * sizeof(FastSums));
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

extern const TallyKernels tally_kernels = {add_block, scratch_bytes, apply<log>, apply<exp>};

}  // namespace bitsapart::BITSAPART_LEVEL
