// Which of the compiled SIMD levels runs: the best that the CPU has, or a lower one by BITSAPART_SIMD.
#pragma once

#include <cstdlib>
#include <cstring>

namespace bitsapart {

enum class SimdLevel : int { baseline = 0, v3 = 1, v4 = 2 };

inline const char* name_of(SimdLevel level) {
    constexpr const char* names[] = {"baseline", "v3", "v4"};
    return names[static_cast<int>(level)];
}

inline SimdLevel best_level() {
#ifdef BITSAPART_X86_LEVELS
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return v4 ? SimdLevel::v4 : v3 ? SimdLevel::v3 : SimdLevel::baseline;
#else
    return SimdLevel::baseline;
#endif
}

// The environment can only lower the level (a test's wish for v4 on an AVX2 machine gets v3).
inline SimdLevel simd_level() {
    static const SimdLevel chosen = [] {
        const SimdLevel best = best_level();
        const char* wish = std::getenv("BITSAPART_SIMD");
        for (int i = 0; wish != nullptr && i < static_cast<int>(best); ++i)
            if (std::strcmp(wish, name_of(static_cast<SimdLevel>(i))) == 0) return static_cast<SimdLevel>(i);
        return best;
    }();
    return chosen;
}

// One table of kernels per level, declared for all of them and picked once:
//     BITSAPART_DECLARE_TABLE(LossKernels, loss_kernels)  ...  BITSAPART_FOR_THIS_CPU(loss_kernels).forward(...)
#ifdef BITSAPART_X86_LEVELS
#define BITSAPART_FOR_THIS_CPU(table)                                                                        \
    (::bitsapart::simd_level() == ::bitsapart::SimdLevel::v4   ? ::bitsapart::v4::table                      \
     : ::bitsapart::simd_level() == ::bitsapart::SimdLevel::v3 ? ::bitsapart::v3::table                      \
                                                               : ::bitsapart::baseline::table)
#define BITSAPART_DECLARE_TABLE(type, table) \
    namespace baseline {                     \
    extern const type table;                 \
    }                                        \
    namespace v3 {                           \
    extern const type table;                 \
    }                                        \
    namespace v4 {                           \
    extern const type table;                 \
    }
#else
#define BITSAPART_FOR_THIS_CPU(table) (::bitsapart::baseline::table)
#define BITSAPART_DECLARE_TABLE(type, table) \
    namespace baseline {                     \
    extern const type table;                 \
    }
#endif

}  // namespace bitsapart
