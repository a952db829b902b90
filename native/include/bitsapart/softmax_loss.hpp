// What a fused loss is told, and the table of its kernels.
//
// For every row: logits x = z / T, q = softmax(x), the people's weights p of the classes, and one of
//     cross-entropy −Σ p ln q,   KL divergence Σ p (ln p − ln q),   squared error Σ (p − q)² (halved for two classes),
// with the gradient to z. Smoothing replaces p by (1 − ε) p + ε / C.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bitsapart/simd_level.hpp"

namespace bitsapart {

enum class Loss : int { cross_entropy = 0, kl_divergence = 1, squared_error = 2 };
enum class TargetKind : int { labels = 0, probs = 1, counts = 2, totals = 3, logits = 4 };  // totals: counts as they are
enum class Number : int { f32 = 0, f64 = 1, f16 = 2, bf16 = 3, i64 = 4 };

struct LossTask {
    Loss loss;
    int64_t rows, classes;
    const void* logits;
    Number logits_type;
    int64_t logits_stride;  // numbers from row to row; classes lie side by side
    TargetKind target_kind;
    const void* target;
    Number target_type;  // i64 for labels and counts, otherwise the logits' type or f32
    int64_t target_stride;
    const uint8_t* keep;      // rows that count; null: all
    const double* row_scale;  // factor of each row's gradient; null: 1
    double scale;             // factor of all
    double smoothing, inverse_temperature;
    void* gradient;  // the logits' type, rows side by side; null: not wanted
    double* losses;  // one per row; null: not wanted
    bool streamed;   // the gradient is larger than the caches
};

struct LossKernels {
    // Bytes of scratch that a thread needs, and the work: rows first … last. Returns the first row whose label lies
    // outside the classes, or −1.
    size_t (*scratch_bytes)(const LossTask&);
    int64_t (*run)(const LossTask&, int64_t first, int64_t last, void* scratch);
};

BITSAPART_DECLARE_TABLE(LossKernels, loss_kernels)

}  // namespace bitsapart
