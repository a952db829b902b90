// Rows in memory of any number type to vectors of the computing type and back; a row's end is padded.
#pragma once

#include "bitsapart/softmax_vector.hpp"

namespace bitsapart::BITSAPART_LEVEL {

struct BFloat16 {
    uint16_t bits;
};
struct Float16 {
    uint16_t bits;
};

inline float widened(BFloat16 x) {
    const uint32_t u = static_cast<uint32_t>(x.bits) << 16;
    float f;
    std::memcpy(&f, &u, sizeof f);
    return f;
}
inline float widened(Float16 x) {
    const uint32_t magnitude = x.bits & 0x7fff;
    uint32_t u = magnitude << 13;
    float f;
    std::memcpy(&f, &u, sizeof f);
    f *= 0x1p112f;  // right for normal and subnormal halves
    std::memcpy(&u, &f, sizeof u);
    u |= (magnitude >= 0x7c00 ? 0x7f800000u : 0u) | (static_cast<uint32_t>(x.bits & 0x8000) << 16);
    std::memcpy(&f, &u, sizeof f);
    return f;
}

template <class Real, class T>
inline Real read_as(T x) {
    return static_cast<Real>(x);
}
template <class Real>
inline Real read_as(BFloat16 x) {
    return widened(x);
}
template <class Real>
inline Real read_as(Float16 x) {
    return widened(x);
}

// To the nearest, ties to even; NaN stays.
inline void narrow(float x, float* to) { *to = x; }
inline void narrow(double x, double* to) { *to = x; }
inline void narrow(float x, BFloat16* to) {
    uint32_t u;
    std::memcpy(&u, &x, sizeof u);
    const uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    to->bits = static_cast<uint16_t>((u & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
}
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

// The vector that begins at `from`.
template <class Real, class T>
inline typename Vector<Real>::type load_as(const T* from) {
    constexpr int width = Vector<Real>::width;
    alignas(64) Real lane[width];
    for (int i = 0; i < width; ++i) lane[i] = read_as<Real>(from[i]);
    return load(lane);
}
template <>
inline f32v load_as<float, float>(const float* from) {
    return load(from);
}
template <>
inline f64v load_as<double, double>(const double* from) {
    return load(from);
}

// The last `count` numbers of a row, the lanes behind them filled.
template <class Real, class T>
inline typename Vector<Real>::type load_end(const T* from, int count, Real fill) {
    constexpr int width = Vector<Real>::width;
    alignas(64) Real lane[width];
    for (int i = 0; i < width; ++i) lane[i] = i < count ? read_as<Real>(from[i]) : fill;
    return load(lane);
}

// Copies past the caches: for a gradient that is larger than they are.
inline void stream(char* to, const char* from, size_t bytes) {
#if defined(__AVX2__) && defined(__FMA__)
    const size_t head = (32 - reinterpret_cast<uintptr_t>(to) % 32) % 32;
    if (bytes < 64 + head) {
        std::memcpy(to, from, bytes);
        return;
    }
    std::memcpy(to, from, head);
    size_t at = head;
    for (; at + 32 <= bytes; at += 32)
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to + at), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at)));
    std::memcpy(to + at, from + at, bytes - at);
#else
    std::memcpy(to, from, bytes);
#endif
}

inline void end_of_stream() {
#if defined(__AVX2__) && defined(__FMA__)
    _mm_sfence();
#endif
}

}  // namespace bitsapart::BITSAPART_LEVEL
