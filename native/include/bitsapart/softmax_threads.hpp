// A fused loss over plain threads: each takes the next few tiles of rows until none is left.
//
// Tiles are summed on their own and then in their order, so that the sum is the same for any number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "bitsapart/softmax_loss.hpp"

namespace bitsapart {

struct LossResult {
    int64_t fault;        // the first row whose target means nothing, or −1
    double total, whole;  // Σ weighted losses, Σ weights of the rows that count
};

// Hands out the rows, a few tiles at a time.
class NextRows {
public:
    NextRows(const LossTask& task) : rows_(task.rows) {
        constexpr int64_t numbers = 1 << 16;
        const int64_t tile = tile_of(task);
        step_ = (numbers / (task.classes * tile) + 1) * tile;
    }
    bool take(int64_t& first, int64_t& last) {
        first = next_.fetch_add(step_);
        last = std::min(rows_, first + step_);
        return first < rows_;
    }
    int64_t steps() const { return (rows_ + step_ - 1) / step_; }

private:
    int64_t rows_, step_;
    std::atomic<int64_t> next_{0};
};

inline LossResult run_loss(LossTask task, bool mean, bool summed, int threads) {
    struct Freed {
        void operator()(void* memory) const { std::free(memory); }
    };
    const LossKernels& kernels = BITSAPART_FOR_THIS_CPU(loss_kernels);
    LossResult result{-1, 0, 1};
    if (mean) {
        result.whole = kernels.whole(task);
        if (result.whole != 0) task.scale /= result.whole;
    }
    std::vector<double> tiles(summed ? static_cast<size_t>((task.rows + tile_of(task) - 1) / tile_of(task)) : 0);
    if (summed) task.tile_sums = tiles.data();
    const size_t bytes = (kernels.scratch_bytes(task) + 63) / 64 * 64;
    NextRows next(task);
    std::atomic<int64_t> fault{task.rows};
    const auto work = [&]() noexcept {
        const std::unique_ptr<void, Freed> scratch(std::aligned_alloc(64, bytes));
        int64_t first, last;
        while (scratch && next.take(first, last)) {
            const int64_t bad = kernels.run(task, first, last, scratch.get());
            if (bad < 0) continue;
            int64_t so_far = fault.load();
            while (bad < so_far && !fault.compare_exchange_weak(so_far, bad)) {
            }
        }
        return static_cast<bool>(scratch);
    };
    std::vector<std::thread> others;
    const auto wanted = static_cast<size_t>(std::max<int64_t>(1, std::min<int64_t>(threads, next.steps())));
    others.reserve(wanted - 1);
    try {
        while (others.size() + 1 < wanted) others.emplace_back(work);
    } catch (const std::system_error&) {  // no more threads to be had: those that are there do the work
    }
    const bool worked = work();
    for (std::thread& other : others) other.join();
    if (!worked && task.rows > 0) throw std::bad_alloc();
    if (fault < task.rows) result.fault = fault;
    for (const double sum : tiles) result.total += sum;
    return result;
}

}  // namespace bitsapart
