// What a block is made of: columns in memory, as they came, and what is wrong with the first bad row.
#pragma once

#include <cstdint>

#include "bitsapart/exact_sum.hpp"

namespace bitsapart {

enum class Kind : int { labels = 0, counts = 1, probs = 2, log_probs = 3, logits = 4 };
enum class Type : int { f16 = 0, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 };

struct Column {
    const char* data;
    int64_t stride;  // bytes from one item to the next
    Type type;
};

// One side of the comparison. Labels (and verdicts) are one column of codes; a single column of numbers is that of the
// class `positive` of two; otherwise there is one column per class. Rows of an array have the classes side by side.
struct Source {
    Kind kind;
    int64_t classes;
    const Column* column;
    bool single, rows;
    int positive;
};

enum class Reason : int {
    none = 0, not_a_number, negative, above_one, row_sum, label_out_of_range, fraction, count_too_large, empty_panel,
    positive_log, log_row_sum, infinite_logit, no_finite_logit, bad_weight, too_large
};

struct Fault {
    int64_t row;  // −1: nothing is wrong
    int side;     // −1 the weights, 0 people, 1 + the model's number
    int64_t column;
    Reason reason;
    double value;
};

// Columns of the tally, in the order of the catalogue of additive measures.
enum Slot : int {
    cross_entropy = 0, entropy, kl_divergence, absolute_error, squared_error, brier, accuracy, majority_accuracy,
    squared_distance, disagreement, ranked_probability_score, unbiased_ranked_probability_score,
    judged_cross_entropy,  // weighted by the judgements of each item
    third_power, fourth_power,  // of the cross-entropy, unweighted; only Σx
    slots
};

constexpr int largest_counted_panel = 4096;
constexpr double row_tolerance = 1e-5;  // for each class
constexpr double largest_panel = 2147483648.0;

struct Worst {  // the items with the largest cross-entropy
    double* value;
    int64_t* row;
    int room, kept;
    double dropped;  // the largest value that found no room
};

struct ModelSums {
    ColumnSums column[slots];
    Worst worst;
};

struct Block {
    int64_t items, classes;
    Source people;
    const Source* models;
    int model_count;
    const double* weight;  // or nullptr
    bool by_judgement, ordinal, tails;
    // Instead of sums each item's values: out[(model·out_slots + k)·items + item] of the column slot[k].
    double* out;
    const int* slot;
    int out_slots;
};

struct BlockSums {
    ModelSums* models;
    int64_t judgements;
    int64_t* panels;     // [largest_counted_panel + 1]: items by number of judgements; [0] counts larger ones
    Fault fault;
};

}  // namespace bitsapart
