// A block over plain threads: each takes a contiguous share, and exact sums make the shares' order irrelevant.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "bitsapart/tally.hpp"
#include "bitsapart/worst.hpp"

namespace bitsapart {

// Runs share(0), share(1), … at once; the first on this thread. Shares must not throw: in a thread of its own an exception
// would end the process. What is needed is allocated before.
template <class Share>
void run_shares(int shares, Share share) {
    static_assert(noexcept(share(0)));
    std::vector<std::thread> threads;
    threads.reserve(static_cast<size_t>(shares));
    int begun = 1;
    try {
        for (; begun < shares; ++begun) threads.emplace_back(share, begun);
    } catch (const std::exception&) {  // no more threads to be had: this one does the rest
    }
    share(0);
    for (int t = begun; t < shares; ++t) share(t);
    for (std::thread& thread : threads) thread.join();
}

// How many threads are worth starting, and where each begins: whole tiles of 256 items.
inline int useful_threads(int64_t items, int64_t numbers_per_item, int wanted) {
    const int64_t worth = items * numbers_per_item / 32768 + 1;
    return static_cast<int>(std::max<int64_t>(1, std::min<int64_t>({worth, wanted, (items + 255) / 256})));
}
inline int64_t share_begin(int64_t items, int threads, int t) {
    return t == threads ? items : items / 256 * t / threads * 256;
}

struct BlockResult {
    BlockSums sums{};
    std::vector<ModelSums> models;
    std::vector<int64_t> panels = std::vector<int64_t>(largest_counted_panel + 1);
    std::vector<double> worst_values;
    std::vector<int64_t> worst_rows;

    BlockResult(int model_count, int worst) : models(static_cast<size_t>(model_count)) {
        const auto room = static_cast<size_t>(model_count) * static_cast<size_t>(worst);
        worst_values.resize(room);
        worst_rows.resize(room);
        for (size_t m = 0; m < models.size(); ++m) {
            for (ColumnSums& column : models[m].column) column.too_large = -1;
            models[m].worst = {worst_values.data() + m * static_cast<size_t>(worst),
                               worst_rows.data() + m * static_cast<size_t>(worst), worst, 0, -1.0};
        }
        sums.models = models.data();
        sums.panels = panels.data();
        sums.fault.row = -1;
    }
    BlockResult(const BlockResult&) = delete;
};

struct Freed {
    void operator()(void* memory) const { std::free(memory); }
};

inline void merge(BlockResult& into, const BlockResult& from) {
    using namespace host;
    into.sums.judgements += from.sums.judgements;
    for (size_t K = 0; K < into.panels.size(); ++K) into.panels[K] += from.panels[K];
    if (into.sums.fault.row < 0) into.sums.fault = from.sums.fault;  // shares come in the order of their items
    for (size_t m = 0; m < into.models.size(); ++m) {
        ModelSums& sums = into.models[m];
        for (int slot = 0; slot < slots; ++slot) add(sums.column[slot], from.models[m].column[slot]);
        const Worst& worst = from.models[m].worst;
        for (int i = 0; i < worst.kept; ++i) offer(sums.worst, worst.value[i], worst.row[i]);
        sums.worst.dropped = std::max(sums.worst.dropped, worst.dropped);
    }
}

// A value that the grid does not reach is a fault of its item, found after everything else.
inline void find_too_large(BlockResult& result) {
    for (size_t m = 0; m < result.models.size(); ++m)
        for (int slot = 0; slot < slots; ++slot) {
            const int64_t row = result.models[m].column[slot].too_large;
            Fault& fault = result.sums.fault;
            if (row >= 0 && (fault.row < 0 || row < fault.row))
                fault = {row, 1 + static_cast<int>(m), slot, Reason::too_large, 0.0};
        }
}

using Scratch = std::unique_ptr<void, Freed>;

inline Scratch scratch_for(const Block& block) {
    const auto bytes = static_cast<size_t>(BITSAPART_FOR_THIS_CPU(tally_kernels).scratch_bytes(block) + 63) / 64 * 64;
    Scratch scratch(std::aligned_alloc(64, bytes));
    if (!scratch) throw std::bad_alloc();
    std::memset(scratch.get(), 0, bytes);
    return scratch;
}

inline std::vector<Scratch> scratch_for(const Block& block, int shares) {
    std::vector<Scratch> scratch;
    for (int t = 0; t < shares; ++t) scratch.push_back(scratch_for(block));
    return scratch;
}

inline std::unique_ptr<BlockResult> run_block(const Block& block, int worst, int threads) {
    const TallyKernels& kernels = BITSAPART_FOR_THIS_CPU(tally_kernels);
    const int shares = useful_threads(block.items, block.classes * (block.model_count + 1), threads);
    std::vector<std::unique_ptr<BlockResult>> results;
    for (int t = 0; t < shares; ++t) results.push_back(std::make_unique<BlockResult>(block.model_count, worst));
    const std::vector<Scratch> scratch = scratch_for(block, shares);
    run_shares(shares, [&](int t) noexcept {
        kernels.add_block(block, share_begin(block.items, shares, t), share_begin(block.items, shares, t + 1),
                          results[static_cast<size_t>(t)]->sums, scratch[static_cast<size_t>(t)].get());
    });
    for (int t = 1; t < shares; ++t) merge(*results[0], *results[static_cast<size_t>(t)]);
    if (results[0]->sums.fault.row < 0) find_too_large(*results[0]);
    return std::move(results[0]);
}

inline Fault run_distributions(const Source& source, int side, int64_t items, double* probs, double* logs, int threads) {
    const int shares = useful_threads(items, source.classes, threads);
    std::vector<Fault> faults(static_cast<size_t>(shares));
    const std::vector<Scratch> scratch = scratch_for(Block{}, shares);
    run_shares(shares, [&](int t) noexcept {
        faults[static_cast<size_t>(t)] = BITSAPART_FOR_THIS_CPU(tally_kernels).distributions(
            source, side, share_begin(items, shares, t), share_begin(items, shares, t + 1), probs, logs,
            scratch[static_cast<size_t>(t)].get());
    });
    for (const Fault& fault : faults)
        if (fault.row >= 0) return fault;
    return faults[0];
}

}  // namespace bitsapart
