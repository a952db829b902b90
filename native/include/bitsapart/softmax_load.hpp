// Rows in memory of any number type to vectors of the computing type and back; a row's end is padded.
#pragma once

#include "bitsapart/half.hpp"
#include "bitsapart/softmax_loss.hpp"
#include "bitsapart/softmax_vector.hpp"

namespace bitsapart::BITSAPART_LEVEL {

// Calls body.operator()<T>() with the type of the number.
template <class Body>
inline auto with_number(Number number, Body body) {
    switch (number) {
        case Number::f64: return body.template operator()<double>();
        case Number::f16: return body.template operator()<Float16>();
        case Number::bf16: return body.template operator()<BFloat16>();
        case Number::i8: return body.template operator()<int8_t>();
        case Number::i16: return body.template operator()<int16_t>();
        case Number::i32: return body.template operator()<int32_t>();
        case Number::i64: return body.template operator()<int64_t>();
        case Number::u8: return body.template operator()<uint8_t>();
        default: return body.template operator()<float>();
    }
}

template <class Real, class T>
inline Real read_as(T x) {
    return static_cast<Real>(x);
}
template <class Real>
inline Real read_as(BFloat16 x) {
    return static_cast<Real>(widened(x));
}
template <class Real>
inline Real read_as(Float16 x) {
    return static_cast<Real>(widened(x));
}

// To the nearest, ties to even; NaN stays.
inline void narrow(float x, Float16* to) {
    uint32_t u;
    std::memcpy(&u, &x, sizeof u);
    const uint32_t sign = (u >> 16) & 0x8000, magnitude = u & 0x7fffffff;
    float f;
    std::memcpy(&f, &magnitude, sizeof f);
    f += 0.5f;  // subnormal halves: the addition rounds at 2^-24
    uint32_t subnormal;
    std::memcpy(&subnormal, &f, sizeof subnormal);
    subnormal -= 0x3f000000;
    const uint32_t normal = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    uint32_t half = magnitude < 0x38800000 ? subnormal : normal;
    half = magnitude >= 0x477ff000 ? 0x7c00 : half;
    half = magnitude > 0x7f800000 ? 0x7e00 : half;
    to->bits = static_cast<uint16_t>(sign | half);
}

// The last `count` numbers of a row, the lanes behind them filled.
template <class Real>
inline typename Vector<Real>::type load_end(const Real* from, int count, Real fill) {
    constexpr int width = Vector<Real>::width;
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    if constexpr (width == 16)
        return (f32v)_mm512_mask_loadu_ps((__m512)splat(static_cast<float>(fill)), static_cast<__mmask16>((1u << count) - 1), from);
    else return (f64v)_mm512_mask_loadu_pd((__m512d)splat(static_cast<double>(fill)), static_cast<__mmask8>((1u << count) - 1), from);
#else
    alignas(64) Real lane[width];
    for (int i = 0; i < width; ++i) lane[i] = i < count ? from[i] : fill;
    return load(lane);
#endif
}

// `n` numbers to the computing type.
template <class Real, class T>
inline void convert(const T* from, int n, Real* to) {
    int i = 0;
#if defined(__F16C__)
    if constexpr (__is_same(T, Float16) && __is_same(Real, float))
        for (; i + 8 <= n; i += 8)
            _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
#endif
    for (; i < n; ++i) to[i] = read_as<Real>(from[i]);
}

// A vector of the computing type as numbers of the logits' type.
template <class Real, class Z>
struct Narrowed {
    alignas(Vector<Real>::width * sizeof(Z)) Z number[Vector<Real>::width];
};
template <class Real, class Z>
inline Narrowed<Real, Z> narrowed(typename Vector<Real>::type v) {
    Narrowed<Real, Z> out;
    if constexpr (__is_same(Z, Real)) {
        std::memcpy(out.number, &v, sizeof v);
    } else if constexpr (__is_same(Z, BFloat16)) {
        const u32v u = (u32v)v, rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
        const auto half = __builtin_convertvector(v == v ? rounded : u32v{} + 0x7fc0, u16v);
        std::memcpy(out.number, &half, sizeof half);
    } else {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
        const __m256i half = _mm512_cvtps_ph((__m512)v, 0);
        std::memcpy(out.number, &half, sizeof half);
#elif defined(__F16C__)
        const __m128i half = _mm256_cvtps_ph((__m256)v, 0);
        std::memcpy(out.number, &half, sizeof half);
#else
        for (int i = 0; i < Vector<Real>::width; ++i) narrow(v[i], out.number + i);
#endif
    }
    return out;
}

// Writes whole aligned vectors past the caches: for a gradient that is larger than they are.
template <class Real, class Z>
inline void stream(const Narrowed<Real, Z>& from, Z* to) {
#if defined(__AVX2__) && defined(__FMA__)
    if constexpr (sizeof from == 64) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
        _mm512_stream_si512(reinterpret_cast<__m512i*>(to), _mm512_load_si512(&from));
#endif
    } else if constexpr (sizeof from == 32) {
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to), _mm256_load_si256(reinterpret_cast<const __m256i*>(&from)));
    } else {
        _mm_stream_si128(reinterpret_cast<__m128i*>(to), _mm_load_si128(reinterpret_cast<const __m128i*>(&from)));
    }
#else
    std::memcpy(to, &from, sizeof from);
#endif
}

inline void end_of_stream() {
#if defined(__AVX2__) && defined(__FMA__)
    _mm_sfence();
#endif
}

}  // namespace bitsapart::BITSAPART_LEVEL
