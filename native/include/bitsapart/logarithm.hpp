// The natural logarithm of a vector of doubles: error below 1 ulp, subnormals right, log 0 = −∞, log of less NaN.
//
// x = 2^k·m with m in [√½, √2), f = m − 1, s = f/(2 + f): log m = 2·artanh s = f − s·(f − R(s²)), where
// R(z) = (log((1+s)/(1−s)) − 2s)/s is a minimax polynomial (relative error 1.2e-18, coefficients by a Remez exchange
// in 60 digits); ln 2 is split so that k·(its upper part) is exact.
#pragma once

#include "bitsapart/simd.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// For 0 < x < ∞ that is not subnormal; `shift` is added to the exponent k.
inline f64v log_of_normal(f64v x, f64v shift) {
    constexpr int64_t root_half = 0x3fe6a09e00000000, one = 0x3ff0000000000000, mantissa = 0x000fffffffffffff;
    const i64v t = bits(x) + (one - root_half);
    // The biased exponent as a double: its bits below those of 2^52.
    typedef uint64_t u64v __attribute__((vector_size(8 * lanes)));
    const i64v biased = (i64v)((u64v)t >> 52) | 0x4330000000000000;
    const f64v k = (from_bits(biased) - (0x1p52 + 1023.0)) + shift;
    const f64v f = from_bits((t & mantissa) + root_half) - 1.0;
    const f64v s = f / (f + 2.0);
    const f64v z = s * s;
    const f64v w = z * z;
    const f64v odd = fma(w, fma(w, fma(w, splat(0x1.2f0705c665128p-3), splat(0x1.7466405c353acp-3)),
                                splat(0x1.24924941f8d4cp-2)),
                         splat(0x1.5555555555592p-1));
    const f64v even = fma(w, fma(w, splat(0x1.39a1932fa04b9p-3), splat(0x1.c71c5202b0e5ep-3)),
                          splat(0x1.999999997fd36p-2));
    const f64v R = z * fma(z, even, odd);
    const f64v half = 0.5 * f * f;
    constexpr double ln2_upper = 0x1.62e42feep-1, ln2_lower = 0x1.a39ef35793c76p-33;
    return fma(k, splat(ln2_upper), f - (half - fma(s, half + R, k * ln2_lower)));
}

// For 0 ≤ x < ∞: what a checked probability is.
inline f64v log_of_probability(f64v x) {
    const i64v subnormal = x < 0x1p-1022;
    const f64v scaled = select(subnormal, x * 0x1p54, x);
    const f64v value = log_of_normal(scaled, where(subnormal, splat(-54.0)));
    return select(x == 0.0, splat(-__builtin_inf()), value);
}

inline f64v log(f64v x) {
    const f64v value = log_of_probability(x);
    const f64v nothing = select(x < 0.0, splat(__builtin_nan("")), x);  // NaN and +∞ are their own logarithms
    return select((x >= 0.0) & (x < __builtin_inf()), value, nothing);
}

}  // namespace bitsapart::BITSAPART_LEVEL
