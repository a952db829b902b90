// The tally's kernels; compiled once per SIMD level.
