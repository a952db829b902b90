// Vectors of doubles and 64-bit integers, as wide as the SIMD level has registers (GCC's and Clang's vector types).
//
// Everything that is compiled per level lives in the namespace of its level; elsewhere that namespace is `host`.
#pragma once

#ifndef BITSAPART_LEVEL
#define BITSAPART_LEVEL host
#endif

#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace bitsapart::BITSAPART_LEVEL {

#if defined(__AVX512F__) && defined(__AVX512DQ__)
constexpr int lanes = 8;
#elif defined(__AVX2__) && defined(__FMA__)
constexpr int lanes = 4;
#else
constexpr int lanes = 2;
#endif

typedef double f64v __attribute__((vector_size(8 * lanes)));
typedef int64_t i64v __attribute__((vector_size(8 * lanes)));
typedef uint64_t u64v __attribute__((vector_size(8 * lanes)));  // sums that may wrap

inline f64v load(const double* from) {
    f64v v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
inline void store(double* to, f64v v) { std::memcpy(to, &v, sizeof v); }
inline f64v splat(double x) { return x - f64v{}; }
inline i64v splat_bits(int64_t x) { return x - i64v{}; }
inline i64v bits(f64v v) { return (i64v)v; }
inline f64v from_bits(i64v v) { return (f64v)v; }
inline f64v select(i64v mask, f64v yes, f64v no) { return mask ? yes : no; }
inline f64v where(i64v mask, f64v yes) { return mask ? yes : f64v{}; }  // 0 elsewhere
inline f64v magnitude(f64v v) { return from_bits(bits(v) & 0x7fffffffffffffff); }

// a·b + c, fused where the level has it; the only place where a product and a sum are fused.
inline f64v fma(f64v a, f64v b, f64v c) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (f64v)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX2__) && defined(__FMA__)
    return (f64v)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
    return (f64v)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

// The smaller of both; a NaN in the second argument stays.
inline f64v smaller(f64v a, f64v b) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (f64v)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__) && defined(__FMA__)
    return (f64v)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (f64v)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    return select(a < b, a, b);
#endif
}

// The larger of both; a NaN in the second argument stays.
inline f64v larger(f64v a, f64v b) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (f64v)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__) && defined(__FMA__)
    return (f64v)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (f64v)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    return select(a > b, a, b);
#endif
}

inline bool any(i64v mask) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return _mm512_movepi64_mask((__m512i)mask) != 0;
#elif defined(__AVX2__) && defined(__FMA__)
    return _mm256_movemask_pd((__m256d)mask) != 0;
#elif defined(__SSE2__)
    return _mm_movemask_pd((__m128d)mask) != 0;
#else
    return (mask[0] | mask[1]) != 0;
#endif
}

// The products of the signed low halves of each lane.
inline i64v product_of_low(i64v a, i64v b) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (i64v)_mm512_mul_epi32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__) && defined(__FMA__)
    return (i64v)_mm256_mul_epi32((__m256i)a, (__m256i)b);
#elif defined(__aarch64__)
    return (i64v)vmull_s32(vmovn_s64((int64x2_t)a), vmovn_s64((int64x2_t)b));
#else
    return i64v{static_cast<int64_t>(static_cast<int32_t>(a[0])) * static_cast<int32_t>(b[0]),
                static_cast<int64_t>(static_cast<int32_t>(a[1])) * static_cast<int32_t>(b[1])};
#endif
}

// A function of vectors, two in step, over a run of doubles; both arrays are used up to whole vectors.
template <class Function>
[[gnu::always_inline]] inline void each_two(const double* x, double* out, int count, Function function) {
    int i = 0;
    for (; i + lanes < count; i += 2 * lanes) {
        const f64v from[2] = {load(x + i), load(x + i + lanes)};
        f64v to[2];
        function(from, to);
        store(out + i, to[0]);
        store(out + i + lanes, to[1]);
    }
    for (; i < count; i += lanes) {
        const f64v from[1] = {load(x + i)};
        f64v to[1];
        function(from, to);
        store(out + i, to[0]);
    }
}

}  // namespace bitsapart::BITSAPART_LEVEL
