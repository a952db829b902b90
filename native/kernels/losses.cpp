// The training losses' kernels; compiled once per SIMD level. See native/bind/losses.cpp for the pattern.
