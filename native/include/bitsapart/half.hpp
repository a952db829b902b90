// The two floating-point types of 16 bits, and what they are as floats.
#pragma once

#include "bitsapart/simd.hpp"

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

}  // namespace bitsapart::BITSAPART_LEVEL
