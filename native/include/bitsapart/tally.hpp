// The table of the tally's kernels, one per SIMD level.
#pragma once

#include "bitsapart/simd_level.hpp"
#include "bitsapart/source.hpp"

namespace bitsapart {

struct TallyKernels {
    // Adds the items begin … end of a block to `sums`, or stops at the first fault.
    // `scratch` is zeroed, aligned to 64 bytes, and as long as scratch_bytes says.
    void (*add_block)(const Block& block, int64_t begin, int64_t end, BlockSums& sums, void* scratch);
    int64_t (*scratch_bytes)(const Block&);
    // Rows [items][classes] of probabilities and, unless null, their logarithms; the first fault, if any.
    Fault (*distributions)(const Source& source, int side, int64_t begin, int64_t end, double* probs, double* logs,
                           void* scratch);
    void (*add_column)(const double* value, const double* weight, int64_t begin, int64_t end, ColumnSums& sums);
    void (*add_groups)(const double* value, const double* weight, const int64_t* code, int64_t items, ColumnSums* groups);
    void (*add_power_sums)(const double* value, int64_t items, ColumnSums& third, ColumnSums& fourth);
    void (*logarithms)(const double* x, int64_t count, double* out);
    void (*exponentials)(const double* x, int64_t count, double* out);
};

BITSAPART_DECLARE_TABLE(TallyKernels, tally_kernels)

}  // namespace bitsapart
