// The exponential of a vector of doubles: error below 1 ulp for −708 ≤ x ≤ 709, 0 below, +∞ above, NaN stays.
//
// x = k·ln 2 + r, |r| ≤ ½·ln 2: exp r = 1 + r + r²·P(r), P a minimax polynomial (relative error 3.4e-18 of exp r,
// coefficients by a Remez exchange in 60 digits).
#pragma once

#include "bitsapart/simd.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// For −708 ≤ x ≤ 709 only; NaN stays. Several vectors in step hide each other's waiting.
template <int n>
[[gnu::always_inline]] inline void exp_within(const f64v (&x)[n], f64v (&out)[n]) {
    constexpr double magic = 0x1.8p52 + 1023.0, ln2_upper = 0x1.62e42feep-1, ln2_lower = 0x1.a39ef35793c76p-33;
    constexpr double P[] = {  // from the highest power down
        0x1.af85885f83db7p-26, 0x1.28b04916b4447p-22, 0x1.71dddfcb5ecd1p-19, 0x1.a0199693b9572p-16, 0x1.a01a01bae286fp-13,
        0x1.6c16c185a758cp-10, 0x1.111111110d639p-7,  0x1.5555555550030p-5,  0x1.5555555555561p-3,  0x1.000000000000bp-1};
    f64v t[n], r[n], p[n];
    for (int j = 0; j < n; ++j) t[j] = fma(x[j], splat(0x1.71547652b82fep0), splat(magic));  // the low bits are k + 1023
    for (int j = 0; j < n; ++j) p[j] = t[j] - magic;                                         // k
    for (int j = 0; j < n; ++j) r[j] = fma(p[j], splat(-ln2_upper), x[j]);
    for (int j = 0; j < n; ++j) r[j] = fma(p[j], splat(-ln2_lower), r[j]);
    for (int j = 0; j < n; ++j) p[j] = fma(r[j], splat(P[0]), splat(P[1]));
    for (int i = 2; i < 10; ++i)
        for (int j = 0; j < n; ++j) p[j] = fma(r[j], p[j], splat(P[i]));
    for (int j = 0; j < n; ++j) p[j] = fma(r[j] * r[j], p[j], r[j]);
    for (int j = 0; j < n; ++j) {
        const f64v scale = from_bits((i64v)((u64v)bits(t[j]) << 52));
        out[j] = fma(p[j], scale, scale);
    }
}

[[gnu::always_inline]] inline f64v exp_within(f64v x) {
    const f64v from[1] = {x};
    f64v to[1];
    exp_within(from, to);
    return to[0];
}

template <int n>
[[gnu::always_inline]] inline void exp(const f64v (&x)[n], f64v (&out)[n]) {
    f64v clamped[n];
    for (int j = 0; j < n; ++j) clamped[j] = smaller(splat(709.0), larger(splat(-708.0), x[j]));
    exp_within(clamped, out);
    for (int j = 0; j < n; ++j) {
        const f64v large = select(x[j] > 709.0, splat(__builtin_inf()), out[j]);
        out[j] = select(x[j] < -708.0, splat(0.0), large);
    }
}

inline f64v exp(f64v x) {
    const f64v from[1] = {x};
    f64v to[1];
    exp(from, to);
    return to[0];
}

// A run of them; both arrays are used up to whole vectors, and may be the same.
inline void exponentials_of(const double* x, double* out, int count) {
    each_two(x, out, count, [](const auto& from, auto& to) { exp(from, to); });
}

}  // namespace bitsapart::BITSAPART_LEVEL
