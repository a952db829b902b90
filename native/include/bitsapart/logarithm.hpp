// The natural logarithm of a vector of doubles: error below 1 ulp, subnormals right, log 0 = −∞, log of less NaN.
//
// x = 2^k·m with m in [√½, √2), f = m − 1, s = f/(2 + f): log m = 2·artanh s = f − s·(f − R(s²)), where
// R(z) = (log((1+s)/(1−s)) − 2s)/s is a minimax polynomial (relative error 1.2e-18, coefficients by a Remez exchange
// in 60 digits); ln 2 is split so that k·(its upper part) is exact.
#pragma once

#include "bitsapart/simd.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// Several vectors in step hide each other's waiting; no value depends on its neighbours.

// log x for 0 < x < ∞ that is not subnormal; or log(2^-54·x).
template <int n, bool scaled = false>
[[gnu::always_inline]] inline void log_of_normal(const f64v (&x)[n], f64v (&out)[n]) {
    constexpr uint64_t root_half = 0x3fe6a09e00000000, one = 0x3ff0000000000000, mantissa = 0x000fffffffffffff;
    constexpr double ln2_upper = 0x1.62e42feep-1, ln2_lower = 0x1.a39ef35793c76p-33;
    f64v k[n], f[n], s[n], z[n], w[n], odd[n], even[n], half[n];
    for (int j = 0; j < n; ++j) {
        const u64v t = (u64v)bits(x[j]) + (one - root_half);  // may wrap for a NaN
        // The biased exponent as a double: its bits below those of 2^52.
        k[j] = from_bits((i64v)(t >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
        if constexpr (scaled) k[j] -= 54.0;
        f[j] = from_bits((i64v)((t & mantissa) + root_half)) - 1.0;
    }
    for (int j = 0; j < n; ++j) s[j] = f[j] / (f[j] + 2.0);
    for (int j = 0; j < n; ++j) half[j] = 0.5 * f[j] * f[j];
    for (int j = 0; j < n; ++j) z[j] = s[j] * s[j];
    for (int j = 0; j < n; ++j) w[j] = z[j] * z[j];
    for (int j = 0; j < n; ++j) odd[j] = fma(w[j], splat(0x1.2f0705c665128p-3), splat(0x1.7466405c353acp-3));
    for (int j = 0; j < n; ++j) even[j] = fma(w[j], splat(0x1.39a1932fa04b9p-3), splat(0x1.c71c5202b0e5ep-3));
    for (int j = 0; j < n; ++j) odd[j] = fma(w[j], odd[j], splat(0x1.24924941f8d4cp-2));
    for (int j = 0; j < n; ++j) even[j] = fma(w[j], even[j], splat(0x1.999999997fd36p-2));
    for (int j = 0; j < n; ++j) odd[j] = fma(w[j], odd[j], splat(0x1.5555555555592p-1));
    for (int j = 0; j < n; ++j) {
        const f64v R = z[j] * fma(z[j], even[j], odd[j]);
        out[j] = fma(k[j], splat(ln2_upper), f[j] - (half[j] - fma(s[j], half[j] + R, k[j] * ln2_lower)));
    }
}

inline f64v log_of_normal(f64v x) {
    const f64v from[1] = {x};
    f64v to[1];
    log_of_normal(from, to);
    return to[0];
}

// For 0 ≤ x < ∞: what a checked probability is.
template <int n>
[[gnu::always_inline]] inline void log_of_probability(const f64v (&x)[n], f64v (&out)[n]) {
    i64v subnormal = {};
    for (int j = 0; j < n; ++j) subnormal |= x[j] < 0x1p-1022;
    log_of_normal(x, out);
    if (!any(subnormal)) [[likely]] return;
    f64v raised[n], small[n];
    for (int j = 0; j < n; ++j) raised[j] = x[j] * 0x1p54;
    log_of_normal<n, true>(raised, small);
    for (int j = 0; j < n; ++j)
        out[j] = select(x[j] < 0x1p-1022, select(x[j] == 0.0, splat(-__builtin_inf()), small[j]), out[j]);
}

inline f64v log_of_probability(f64v x) {
    const f64v from[1] = {x};
    f64v to[1];
    log_of_probability(from, to);
    return to[0];
}

// A run of them; both arrays are used up to whole vectors, and may be the same.
inline void logs_of_probabilities(const double* x, double* out, int count) {
    each_two(x, out, count, [](const auto& from, auto& to) { log_of_probability(from, to); });
}

inline f64v log(f64v x) {
    const f64v value = log_of_probability(x);
    const f64v nothing = select(x < 0.0, splat(__builtin_nan("")), x);  // NaN and +∞ are their own logarithms
    return select((x >= 0.0) & (x < __builtin_inf()), value, nothing);
}

}  // namespace bitsapart::BITSAPART_LEVEL
