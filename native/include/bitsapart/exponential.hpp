// The exponential of a vector of doubles: error below 1 ulp for −708 ≤ x ≤ 709, 0 below, +∞ above, NaN stays.
//
// x = k·ln 2 + r, |r| ≤ ½·ln 2: exp r = 1 + r + r²·P(r), P a minimax polynomial (relative error 3.4e-18 of exp r,
// coefficients by a Remez exchange in 60 digits).
#pragma once

#include "bitsapart/simd.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// For −708 ≤ x ≤ 709 only; NaN stays NaN.
inline f64v exp_within(f64v x) {
    constexpr double magic = 0x1.8p52, ln2_upper = 0x1.62e42feep-1, ln2_lower = 0x1.a39ef35793c76p-33;
    const f64v t = fma(x, splat(0x1.71547652b82fep0), splat(magic));  // the low bits of t are k
    const f64v k = t - magic;
    const f64v r = fma(k, splat(-ln2_lower), fma(k, splat(-ln2_upper), x));
    const f64v rr = r * r;
    const f64v r4 = rr * rr;
    const f64v p01 = fma(r, splat(0x1.5555555555561p-3), splat(0x1.000000000000bp-1));
    const f64v p23 = fma(r, splat(0x1.111111110d639p-7), splat(0x1.5555555550030p-5));
    const f64v p45 = fma(r, splat(0x1.a01a01bae286fp-13), splat(0x1.6c16c185a758cp-10));
    const f64v p67 = fma(r, splat(0x1.71dddfcb5ecd1p-19), splat(0x1.a0199693b9572p-16));
    const f64v p89 = fma(r, splat(0x1.af85885f83db7p-26), splat(0x1.28b04916b4447p-22));
    const f64v P = fma(r4, fma(r4, p89, fma(rr, p67, p45)), fma(rr, p23, p01));
    const f64v power = 1.0 + fma(rr, P, r);
    return from_bits(bits(power) + (bits(t) << 52));
}

inline f64v exp(f64v x) {
    const f64v clamped = select(x > 709.0, splat(709.0), larger(splat(-708.0), x));
    const f64v value = exp_within(clamped);
    const f64v large = select(x > 709.0, splat(__builtin_inf()), value);
    return select(x < -708.0, splat(0.0), large);
}

}  // namespace bitsapart::BITSAPART_LEVEL
