// Vectors of the type that a loss is computed in: doubles (simd.hpp) and, twice as many, floats.
#pragma once

#include "bitsapart/exponential.hpp"
#include "bitsapart/logarithm.hpp"
#include "bitsapart/simd.hpp"

namespace bitsapart::BITSAPART_LEVEL {

typedef float f32v __attribute__((vector_size(8 * lanes)));
typedef int32_t i32v __attribute__((vector_size(8 * lanes)));
typedef uint32_t u32v __attribute__((vector_size(8 * lanes)));

template <class Real>
struct Vector;
template <>
struct Vector<double> {
    using type = f64v;
    using mask = i64v;
    static constexpr int width = lanes;
};
template <>
struct Vector<float> {
    using type = f32v;
    using mask = i32v;
    static constexpr int width = 2 * lanes;
};

inline f32v load(const float* from) {
    f32v v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
inline void store(float* to, f32v v) { std::memcpy(to, &v, sizeof v); }
inline f32v splat(float x) { return x - f32v{}; }
inline i32v bits(f32v v) { return (i32v)v; }
inline f32v from_bits(i32v v) { return (f32v)v; }
inline f32v select(i32v mask, f32v yes, f32v no) { return from_bits((mask & bits(yes)) | (~mask & bits(no))); }
inline f32v where(i32v mask, f32v yes) { return from_bits(mask & bits(yes)); }

inline f32v fma(f32v a, f32v b, f32v c) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (f32v)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && defined(__FMA__)
    return (f32v)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
    return (f32v)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

inline f32v larger(f32v a, f32v b) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (f32v)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__) && defined(__FMA__)
    return (f32v)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (f32v)_mm_max_ps((__m128)a, (__m128)b);
#else
    return select(a > b, a, b);
#endif
}

template <class V>
inline double sum_of(V v) {
    double sum = 0;
    for (unsigned i = 0; i < sizeof(V) / sizeof(v[0]); ++i) sum += static_cast<double>(v[i]);
    return sum;
}
template <class V>
inline auto largest_of(V v) {
    auto top = v[0];
    for (unsigned i = 1; i < sizeof(V) / sizeof(v[0]); ++i) top = v[i] > top ? v[i] : top;
    return top;
}

// exp x for x ≤ 0 and −∞, 0 below the smallest normal number; error below 1.5 ulp (floats), 1 ulp (doubles).
// Floats: x = k·ln 2 + r, exp r = 1 + r + r²·P(r), P minimax (relative error 3.1e-9, by a Remez exchange in 60 digits).
inline f32v exp_of_negative(f32v x) {
    const f32v lowest = splat(-87.3f);
    const f32v within = larger(lowest, x);
    const f32v t = fma(within, splat(0x1.715476p+0f), splat(0x1.8p23f));  // the low bits of t are k
    const f32v k = t - 0x1.8p23f;
    const f32v r = fma(k, splat(-0x1.7f7d1cp-20f), fma(k, splat(-0x1.62e400p-1f), within));  // k·(the first) is exact
    f32v p = fma(r, splat(0x1.6a2466p-10f), splat(0x1.1239e2p-7f));
    p = fma(r, p, splat(0x1.5558f2p-5f));
    p = fma(r, p, splat(0x1.555492p-3f));
    p = fma(r, p, splat(0x1.fffffcp-2f));
    const f32v power = 1.0f + fma(r * r, p, r);
    return where(x >= lowest, (f32v)((u32v)power + ((u32v)t << 23)));
}
inline f64v exp_of_negative(f64v x) {
    const f64v lowest = splat(-708.0);
    return where(x >= lowest, exp_within(larger(lowest, x)));
}

// ln x for normal x > 0; what it gives for 0 and subnormals is finite. Error below 1 ulp or 6e-8 (floats).
// Floats: x = 2^k·m with m in [√½, √2), f = m − 1, ln m = f − f²/2 + f³·Q(f), Q minimax (relative error 7.5e-10).
inline f32v log_of_positive(f32v x) {
    constexpr int32_t root_half = 0x3f3504f3, one = 0x3f800000, mantissa = 0x007fffff;
    const i32v t = (i32v)((u32v)x + (one - root_half));
    const i32v exponent = (t >> 23) - 127;
    const f32v k = __builtin_convertvector(exponent, f32v);
    const f32v f = from_bits((t & mantissa) + root_half) - 1.0f;
    f32v q = fma(f, splat(0x1.145df6p-4f), splat(-0x1.de3ed2p-4f));
    q = fma(f, q, splat(0x1.e6ef22p-4f));
    q = fma(f, q, splat(-0x1.fc2180p-4f));
    q = fma(f, q, splat(0x1.233774p-3f));
    q = fma(f, q, splat(-0x1.555c52p-3f));
    q = fma(f, q, splat(0x1.99a4b4p-3f));
    q = fma(f, q, splat(-0x1.000006p-2f));
    q = fma(f, q, splat(0x1.555548p-2f));
    const f32v ff = f * f;
    const f32v tail = fma(ff * f, q, k * -0x1.05c610p-29f);
    return fma(k, splat(0x1.62e430p-1f), f + fma(ff, splat(-0.5f), tail));
}
inline f64v log_of_positive(f64v x) { return log_of_normal(x); }

}  // namespace bitsapart::BITSAPART_LEVEL
