// Vectors of the type that a loss is computed in: doubles (simd.hpp) and, twice as many, floats.
#pragma once

#include "bitsapart/exponential.hpp"
#include "bitsapart/logarithm.hpp"
#include "bitsapart/simd.hpp"

namespace bitsapart::BITSAPART_LEVEL {

typedef float f32v __attribute__((vector_size(8 * lanes)));
typedef int32_t i32v __attribute__((vector_size(8 * lanes)));
typedef uint32_t u32v __attribute__((vector_size(8 * lanes)));
typedef uint16_t u16v __attribute__((vector_size(4 * lanes)));

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

// Over the lanes, half by half: in doubles, and the largest of numbers none of which is NaN.
inline double sum_of(f64v v) {
    double part[lanes];
    std::memcpy(part, &v, sizeof v);
    for (int half = lanes / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) part[i] += part[i + half];
    return part[0];
}
inline double sum_of(f32v v) {
    typedef float half_v __attribute__((vector_size(4 * lanes)));
    half_v half[2];
    std::memcpy(half, &v, sizeof v);
    return sum_of(__builtin_convertvector(half[0], f64v) + __builtin_convertvector(half[1], f64v));
}
template <class V>
inline auto largest_of(V v) {
    constexpr int width = sizeof(V) / sizeof(v[0]);
    __typeof__(v[0] + 0) part[width];
    std::memcpy(part, &v, sizeof v);
    for (int half = width / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) part[i] = part[i] > part[i + half] ? part[i] : part[i + half];
    return part[0];
}

// exp x for x ≤ 0 and −∞, 0 below the smallest normal number, NaN stays; error below 1.5 ulp (floats), 1 ulp (doubles).
// Floats: x = k·ln 2 + r, exp r = 1 + r + r²·P(r), P minimax (relative error 3.1e-9, by a Remez exchange in 60 digits).
// Several vectors in step hide each other's waiting.
template <int n>
[[gnu::always_inline]] inline void exp_of_negative(const f32v (&x)[n], f32v (&out)[n]) {
    constexpr float lowest = -87.3f, magic = 0x1.8p23f + 127.0f;  // 127: the bias of an exponent
    f32v t[n], r[n], p[n];
    for (int j = 0; j < n; ++j) t[j] = fma(x[j], splat(0x1.715476p+0f), splat(magic));  // the low bits are k + 127
    for (int j = 0; j < n; ++j) p[j] = t[j] - magic;                                    // k
    for (int j = 0; j < n; ++j) r[j] = fma(p[j], splat(-0x1.62e400p-1f), x[j]);         // exact: k has 8 bits, ln 2 15
    for (int j = 0; j < n; ++j) r[j] = fma(p[j], splat(-0x1.7f7d1cp-20f), r[j]);
    for (int j = 0; j < n; ++j) p[j] = fma(r[j], splat(0x1.6a2466p-10f), splat(0x1.1239e2p-7f));
    for (int j = 0; j < n; ++j) p[j] = fma(r[j], p[j], splat(0x1.5558f2p-5f));
    for (int j = 0; j < n; ++j) p[j] = fma(r[j], p[j], splat(0x1.555492p-3f));
    for (int j = 0; j < n; ++j) p[j] = fma(r[j], p[j], splat(0x1.fffffcp-2f));
    for (int j = 0; j < n; ++j) p[j] = fma(r[j] * r[j], p[j], r[j]);
    for (int j = 0; j < n; ++j) {
        const f32v scale = (f32v)((u32v)t[j] << 23);
#if defined(__AVX512F__) && defined(__AVX512DQ__)
        const __mmask16 seen = _mm512_cmp_ps_mask((__m512)x[j], (__m512)splat(lowest), _CMP_NLT_UQ);
        out[j] = (f32v)_mm512_maskz_fmadd_ps(seen, (__m512)p[j], (__m512)scale, (__m512)scale);
#else
        out[j] = where(~(x[j] < lowest), fma(p[j], scale, scale));
#endif
    }
}
template <int n>
[[gnu::always_inline]] inline void exp_of_negative(const f64v (&x)[n], f64v (&out)[n]) {
    exp_within(x, out);
    for (int j = 0; j < n; ++j) out[j] = where(~(x[j] < -708.0), out[j]);
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
