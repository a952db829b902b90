// Finding the first bad value of a tile in which the fast path noticed one: by row, then people before models.
#pragma once

#include "bitsapart/terms.hpp"

namespace bitsapart::BITSAPART_LEVEL {

inline double value_at(const Source& source, int64_t row, int64_t c) {
    double x = 0.0;
    const Column& column = source.column[c];
    with_type(column.type, [&]<class T>() { x = read<T>(column.data + row * column.stride); });
    return x;
}

inline Reason value_fault(Kind kind, int64_t classes, double x) {
    if (x != x) return Reason::not_a_number;
    switch (kind) {
        case Kind::labels:
            return x >= 0 && x < static_cast<double>(classes) && x == __builtin_rint(x) ? Reason::none
                                                                                         : Reason::label_out_of_range;
        case Kind::counts:
            if (x < 0) return Reason::negative;
            if (x >= largest_panel) return Reason::count_too_large;
            return x == __builtin_rint(x) ? Reason::none : Reason::fraction;
        case Kind::probs:
            return x < 0 ? Reason::negative : x > 1 ? Reason::above_one : Reason::none;
        case Kind::log_probs:
            return x > 0 ? Reason::positive_log : Reason::none;
        case Kind::logits:
            return x == __builtin_inf() ? Reason::infinite_logit : Reason::none;
    }
    return Reason::none;
}

// The sum of a row in the order of the fast path, so that both decide alike.
inline Fault row_fault(const Source& source, int64_t row, int side) {
    const bool is_log = source.kind == Kind::log_probs;
    double sum = 0.0, top = -__builtin_inf();
    const bool one_column = source.single || source.kind == Kind::labels;
    const int64_t columns = one_column ? 1 : source.classes;
    for (int64_t c = 0; c < columns; ++c) {
        const double x = value_at(source, row, c);
        const Reason reason = value_fault(source.kind, source.classes, x);
        if (reason != Reason::none) return {row, side, one_column ? -1 : c, reason, x};
        sum += is_log ? exp(splat(x))[0] : x;
        top = x > top ? x : top;
    }
    if (one_column) return {-1, 0, 0, Reason::none, 0};
    if (source.kind == Kind::counts && sum < 1) return {row, side, -1, Reason::empty_panel, sum};
    if (source.kind == Kind::counts && sum >= largest_panel) return {row, side, -1, Reason::count_too_large, sum};
    if (source.kind == Kind::logits && top == -__builtin_inf()) return {row, side, -1, Reason::no_finite_logit, top};
    const bool distribution = source.kind == Kind::probs || is_log;
    if (distribution && !(__builtin_fabs(sum - 1.0) <= row_tolerance * static_cast<double>(source.classes)))
        return {row, side, -1, is_log ? Reason::log_row_sum : Reason::row_sum, sum};
    return {-1, 0, 0, Reason::none, 0};
}

// The same for a row whose probabilities are there.
inline Fault sum_fault(const Source& source, int64_t row, int side, const double* probs) {
    double sum = 0.0;
    for (int64_t c = 0; c < source.classes; ++c) sum += probs[c];
    if (__builtin_fabs(sum - 1.0) <= row_tolerance * static_cast<double>(source.classes)) return {-1, 0, 0, Reason::none, 0};
    return {row, side, -1, source.kind == Kind::log_probs ? Reason::log_row_sum : Reason::row_sum, sum};
}

inline Fault first_fault(const Block& block, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
        const double w = block.weight != nullptr ? block.weight[row] : 1.0;
        if (!(w >= 0.0 && w <= largest_value)) return {row, -1, -1, Reason::bad_weight, w};
        Fault fault = row_fault(block.people, row, 0);
        for (int m = 0; fault.row < 0 && m < block.model_count; ++m) fault = row_fault(block.models[m], row, m + 1);
        if (fault.row >= 0) return fault;
    }
    return {-1, 0, 0, Reason::none, 0};
}

}  // namespace bitsapart::BITSAPART_LEVEL
