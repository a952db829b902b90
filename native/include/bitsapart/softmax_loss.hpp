// What a fused loss is told, and the table of its kernels.
//
// For every row: logits x = z / T, q = softmax(x), the people's weights p of the classes, and one of
//     cross-entropy −Σ p ln q,   KL divergence Σ p (ln p − ln q),   squared error Σ (p − q)² (halved for two classes),
// with the gradient to z. Smoothing replaces p by (1 − ε) p + ε / C. Left out are rows of weight 0, with the label
// to ignore, or without a judgement: whatever their logits are, they cost nothing and their gradient is 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bitsapart/simd_level.hpp"

namespace bitsapart {

enum class Loss : int { cross_entropy = 0, kl_divergence = 1, squared_error = 2 };
enum class TargetKind : int { labels = 0, probs = 1, counts = 2, totals = 3, logits = 4 };  // totals: counts as they are
enum class Number : int { f32 = 0, f64 = 1, f16 = 2, bf16 = 3, i8 = 4, i16 = 5, i32 = 6, i64 = 7, u8 = 8 };

struct LossTask {
    Loss loss;
    int64_t rows, classes;
    const void* logits;
    Number logits_type;     // a floating-point type
    int64_t logits_stride;  // numbers from row to row; classes lie side by side
    TargetKind target_kind;
    const void* target;
    Number target_type;  // labels: integers
    int64_t target_stride;
    int64_t ignored_label;
    const double* weights;  // of the rows; null: 1
    const double* factors;  // of the rows' gradients, besides their weights; null: 1
    double scale;           // of all gradients
    double smoothing, inverse_temperature;
    void* gradient;    // the logits' type, rows side by side; null: not wanted
    void* losses;      // weighted, one per row, f64 for f64 logits and otherwise f32; null: not wanted
    double* tile_sums; // weighted, one per tile of rows; null: not wanted
    bool streamed;     // the gradient goes past the caches
};

// Rows whose losses are summed one after the other, whatever the threads.
inline int64_t tile_of(const LossTask& task) { return task.classes < 16384 ? 8 : 1; }

struct LossKernels {
    size_t (*scratch_bytes)(const LossTask&);  // that a thread needs
    // Rows first … last, beginning with a tile. Returns the first row whose label lies outside the classes or whose
    // count is negative, or −1.
    int64_t (*run)(const LossTask&, int64_t first, int64_t last, void* scratch);
    double (*whole)(const LossTask&);  // Σ weights of the rows that are not left out
};

BITSAPART_DECLARE_TABLE(LossKernels, loss_kernels)

}  // namespace bitsapart
