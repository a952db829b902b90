// The training losses for Python: arrays in, arrays out, no mathematics here.
//
// Kernels live in native/kernels/losses.cpp, which CMake compiles once per SIMD level with BITSAPART_LEVEL set to
// baseline, v3 or v4. A header native/include/bitsapart/softmax*.hpp declares a plain struct of function pointers,
//     struct LossKernels { void (*forward)(...); };
//     BITSAPART_DECLARE_TABLE(LossKernels, loss_kernels)      // bitsapart::{baseline,v3,v4}::loss_kernels
// losses.cpp defines it inside `namespace bitsapart::BITSAPART_LEVEL { extern const LossKernels loss_kernels = {...}; }`
// with everything else of the kernel in that namespace too (two levels must never share an inline function), without
// containers, exceptions or allocation; this file calls BITSAPART_FOR_THIS_CPU(loss_kernels).forward(...) with the
// GIL released, from plain std::threads.
#include <nanobind/nanobind.h>

void bind_losses(nanobind::module_&) {}
