// The training losses for Python: addresses in, numbers out, no mathematics here.
#include <nanobind/nanobind.h>

#include "bitsapart/softmax_threads.hpp"

namespace nb = nanobind;

namespace {
constexpr int64_t streamed_from = 8 << 20;  // bytes of gradient that the caches do not keep until somebody reads them
}

void bind_losses(nb::module_& m) {
    m.def(
        "softmax_loss",
        [](int loss, int64_t rows, int64_t classes, uintptr_t logits, int logits_type, int64_t logits_stride, int target_kind,
           uintptr_t target, int target_type, int64_t target_stride, int64_t ignored_label, uintptr_t weights, uintptr_t factors,
           double scale, double smoothing, double inverse_temperature, uintptr_t gradient, uintptr_t losses, bool mean, bool summed,
           int threads) {
            using namespace bitsapart;
            if (rows < 0 || classes < 1 || loss < 0 || loss > 2 || logits_type < 0 || logits_type > 3 || target_kind < 0 ||
                target_kind > 4 || target_type < 0 || target_type > 8)
                throw nb::value_error("no such loss, number type or size");
            const auto bytes = rows * classes * (logits_type == 1 ? 8 : logits_type == 0 ? 4 : 2);
            const LossTask task{static_cast<Loss>(loss), rows, classes, reinterpret_cast<const void*>(logits),
                                static_cast<Number>(logits_type), logits_stride, static_cast<TargetKind>(target_kind),
                                reinterpret_cast<const void*>(target), static_cast<Number>(target_type), target_stride,
                                ignored_label, reinterpret_cast<const double*>(weights),
                                reinterpret_cast<const double*>(factors), scale, smoothing, inverse_temperature,
                                reinterpret_cast<void*>(gradient), reinterpret_cast<void*>(losses), nullptr,
                                bytes > streamed_from};
            LossResult result;
            {
                const nb::gil_scoped_release released;
                result = run_loss(task, mean, summed, threads);
            }
            return nb::make_tuple(result.fault, result.total, result.whole);
        },
        nb::arg("loss"), nb::arg("rows"), nb::arg("classes"), nb::arg("logits"), nb::arg("logits_type"), nb::arg("logits_stride"),
        nb::arg("target_kind"), nb::arg("target"), nb::arg("target_type"), nb::arg("target_stride"), nb::arg("ignored_label"),
        nb::arg("weights"), nb::arg("factors"), nb::arg("scale"), nb::arg("smoothing"), nb::arg("inverse_temperature"),
        nb::arg("gradient"), nb::arg("losses"), nb::arg("mean"), nb::arg("summed"), nb::arg("threads"),
        "One fused pass over rows of logits: each row's loss and its gradient, at the given addresses (0: not wanted). With "
        "`mean` gradients are divided by the weights' sum. Returns the first row whose target means nothing (or -1), the "
        "weighted losses' sum, and the weights' sum.");
}
