// The training losses for Python: addresses in, numbers out, no mathematics here.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "bitsapart/softmax_loss.hpp"

namespace nb = nanobind;

namespace {

constexpr int64_t worth_a_thread = 1 << 15;  // numbers

struct Freed {
    void operator()(void* memory) const { std::free(memory); }
};

// Rows first … last on this thread.
int64_t run_share(const bitsapart::LossTask& task, int64_t first, int64_t last) {
    const bitsapart::LossKernels& kernels = BITSAPART_FOR_THIS_CPU(loss_kernels);
    const std::unique_ptr<void, Freed> scratch(std::aligned_alloc(64, (kernels.scratch_bytes(task) + 63) / 64 * 64));
    return scratch ? kernels.run(task, first, last, scratch.get()) : -2;
}

int64_t run_all(const bitsapart::LossTask& task, int threads) {
    const auto shares = std::max<int64_t>(1, std::min<int64_t>({threads, task.rows, task.rows * task.classes / worth_a_thread}));
    std::vector<int64_t> bad(static_cast<size_t>(shares), -1);
    std::vector<std::thread> others;
    const auto begin = [&](int64_t share) { return task.rows / shares * share + std::min(share, task.rows % shares); };
    for (int64_t share = 1; share < shares; ++share)
        others.emplace_back([&, share] { bad[static_cast<size_t>(share)] = run_share(task, begin(share), begin(share + 1)); });
    bad[0] = run_share(task, 0, begin(1));
    for (std::thread& other : others) other.join();
    for (const int64_t row : bad)
        if (row != -1) return row;
    return -1;
}

}  // namespace

void bind_losses(nb::module_& m) {
    m.def(
        "softmax_loss",
        [](int loss, int64_t rows, int64_t classes, uintptr_t logits, int logits_type, int64_t logits_stride, int target_kind,
           uintptr_t target, int target_type, int64_t target_stride, uintptr_t keep, uintptr_t row_scale, double scale,
           double smoothing, double inverse_temperature, uintptr_t gradient, uintptr_t losses, bool streamed, int threads) {
            using namespace bitsapart;
            const LossTask task{static_cast<Loss>(loss), rows, classes, reinterpret_cast<const void*>(logits),
                                static_cast<Number>(logits_type), logits_stride, static_cast<TargetKind>(target_kind),
                                reinterpret_cast<const void*>(target), static_cast<Number>(target_type), target_stride,
                                reinterpret_cast<const uint8_t*>(keep), reinterpret_cast<const double*>(row_scale), scale,
                                smoothing, inverse_temperature, reinterpret_cast<void*>(gradient),
                                reinterpret_cast<double*>(losses), streamed};
            int64_t bad = -1;
            {
                const nb::gil_scoped_release released;
                bad = run_all(task, threads);
            }
            if (bad == -2) throw std::bad_alloc();
            return bad;
        },
        nb::arg("loss"), nb::arg("rows"), nb::arg("classes"), nb::arg("logits"), nb::arg("logits_type"), nb::arg("logits_stride"),
        nb::arg("target_kind"), nb::arg("target"), nb::arg("target_type"), nb::arg("target_stride"), nb::arg("keep"),
        nb::arg("row_scale"), nb::arg("scale"), nb::arg("smoothing"), nb::arg("inverse_temperature"), nb::arg("gradient"),
        nb::arg("losses"), nb::arg("streamed"), nb::arg("threads"),
        "One fused pass over rows of logits: each row's loss and its gradient, at the given addresses (0: not wanted). Returns "
        "the first row whose label lies outside the classes, or -1.");
}
