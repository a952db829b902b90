// Exact integers of 256 bits (two's complement) and the fixed grid 2^-52 on which every item's value is an integer.
//
// Integer addition is associative: a sum is the same in any order, on any number of threads. Sizes: a value is at
// most 2^50, so its integer has 102 bits, a product of two 204 bits, and 2^50 of those still fit.
#pragma once

#include <cstdint>
#include <cstring>

#include "bitsapart/simd.hpp"

namespace bitsapart {
struct Wide {
    uint64_t limb[4];
};
}  // namespace bitsapart

namespace bitsapart::BITSAPART_LEVEL {

typedef __int128 int128;
typedef unsigned __int128 uint128;

constexpr double largest_value = 0x1p50;  // nats, weights, or weight × nats

inline void add(Wide& sum, const Wide& other) {
    uint128 carry = 0;
    for (int i = 0; i < 4; ++i) {
        carry += static_cast<uint128>(sum.limb[i]) + other.limb[i];
        sum.limb[i] = static_cast<uint64_t>(carry);
        carry >>= 64;
    }
}

// sum += v·2^shift, for 0 ≤ shift < 128.
inline void add_shifted(Wide& sum, int128 v, unsigned shift) {
    const uint64_t sign = v < 0 ? ~uint64_t{0} : 0;
    const uint64_t from[4] = {static_cast<uint64_t>(v), static_cast<uint64_t>(static_cast<uint128>(v) >> 64), sign, sign};
    const unsigned limbs = shift >> 6, rest = shift & 63;
    Wide shifted = {};
    for (unsigned i = limbs; i < 4; ++i) {
        const uint64_t below = i > limbs && rest != 0 ? from[i - limbs - 1] >> (64 - rest) : 0;
        shifted.limb[i] = (from[i - limbs] << rest) | below;
    }
    add(sum, shifted);
}

// A value on the grid: mantissa·2^(exponent − 52), exact for |x| ≥ 1, rounded half to even below.
struct OnGrid {
    int64_t mantissa;
    unsigned exponent;
};

inline OnGrid on_grid(double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    const uint64_t biased = (bits >> 52) & 0x7ff, exponent = (biased < 1023 ? 1023 : biased) - 1023;
    const uint64_t scale_bits = (1023 + 52 - exponent) << 52;
    double scale;
    std::memcpy(&scale, &scale_bits, sizeof scale);
    return {__builtin_llrint(x * scale), static_cast<unsigned>(exponent)};
}

inline void add_value(Wide& sum, OnGrid x) { add_shifted(sum, x.mantissa, x.exponent); }
inline void add_product(Wide& sum, OnGrid x, OnGrid y) {
    add_shifted(sum, static_cast<int128>(x.mantissa) * y.mantissa, x.exponent + y.exponent);
}

}  // namespace bitsapart::BITSAPART_LEVEL
