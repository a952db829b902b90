#include <nanobind/nanobind.h>

#include "bitsapart/simd_level.hpp"

void bind_tally(nanobind::module_& m);
void bind_losses(nanobind::module_& m);

NB_MODULE(_core, m) {
    m.doc() = "The native core of bitsapart.";
    m.def("simd_level", [] { return bitsapart::name_of(bitsapart::simd_level()); },
          "The SIMD level that runs: baseline, v3 or v4 (x86-64); BITSAPART_SIMD=baseline lowers it.");
    bind_tally(m);
    bind_losses(m);
}
