// Reading a tile: any number type and stride becomes doubles, class by class.
#pragma once

#include <type_traits>

#include "bitsapart/half.hpp"
#include "bitsapart/source.hpp"

namespace bitsapart::BITSAPART_LEVEL {

constexpr int largest_tile = lanes == 2 ? 128 : 256;

inline double number(Float16 x) { return widened(x); }
template <class T>
inline double number(T x) {
    return static_cast<double>(x);
}

template <class T>
inline double read(const char* from) {
    T x;
    std::memcpy(&x, from, sizeof x);
    return number(x);
}

// A whole vector of numbers that stand side by side.
template <class T>
inline f64v read_lanes(const char* from) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    if constexpr (std::is_same_v<T, float>)  // one instruction; GCC makes four of the loop
        return (f64v)_mm512_cvtps_pd(_mm256_loadu_ps(reinterpret_cast<const float*>(from)));
#endif
    f64v v;
    for (int i = 0; i < lanes; ++i) v[i] = read<T>(from + i * static_cast<int64_t>(sizeof(T)));
    return v;
}

// What will be read soon: tiles are read in bursts, too short for the processor to look ahead by itself. It does not matter
// whether there is something at that address.
inline void prefetch(const char* from, int64_t bytes) {
    constexpr uintptr_t ahead = 8192;
    for (int64_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(from) + ahead + static_cast<uintptr_t>(at)));
}

template <class T>
inline void read_column(const char* from, int64_t stride, int count, double* out) {
    if (stride <= 64) prefetch(from, stride * count);
    if (stride == static_cast<int64_t>(sizeof(T))) {
        T run[largest_tile];  // at an address that suits T, the loop becomes vectors
        std::memcpy(run, from, static_cast<size_t>(count) * sizeof(T));
        for (int i = 0; i < count; ++i) out[i] = number(run[i]);
    } else {
        for (int i = 0; i < count; ++i) out[i] = read<T>(from + i * stride);
    }
}

// Rows: `classes` numbers side by side, turned so that each class is one run of `count` doubles.
template <class T>
inline void read_rows(const char* from, int64_t stride, int count, int classes, double* out, int tile) {
    for (int i = 0; i < count; ++i) {
        const char* row = from + i * stride;
        prefetch(row, classes * static_cast<int64_t>(sizeof(T)));
        for (int c = 0; c < classes; ++c) out[c * tile + i] = read<T>(row + c * sizeof(T));
    }
}

// Calls visit.operator()<T>() with the number type.
template <class Visitor>
inline void with_type(Type type, Visitor visit) {
    switch (type) {
        case Type::f16: return visit.template operator()<Float16>();
        case Type::f32: return visit.template operator()<float>();
        case Type::f64: return visit.template operator()<double>();
        case Type::i8: return visit.template operator()<int8_t>();
        case Type::i16: return visit.template operator()<int16_t>();
        case Type::i32: return visit.template operator()<int32_t>();
        case Type::i64: return visit.template operator()<int64_t>();
        case Type::u8: return visit.template operator()<uint8_t>();
        case Type::u16: return visit.template operator()<uint16_t>();
        case Type::u32: return visit.template operator()<uint32_t>();
        case Type::u64: return visit.template operator()<uint64_t>();
    }
}

// The columns first_class … first_class + classes of a tile: out[c·tile + i]; whole vectors are filled.
inline void load_columns(const Source& source, int64_t first_item, int count, int64_t first_class, int classes,
                         double* out, int tile) {
    if (source.rows && classes > 1) {
        const Column& column = source.column[first_class];
        with_type(column.type, [&]<class T>() {
            read_rows<T>(column.data + first_item * column.stride, column.stride, count, classes, out, tile);
        });
    } else {
        for (int c = 0; c < classes; ++c) {
            const Column& column = source.column[first_class + c];
            with_type(column.type, [&]<class T>() {
                read_column<T>(column.data + first_item * column.stride, column.stride, count, out + c * tile);
            });
        }
    }
    for (int c = 0; c < classes; ++c)  // a tile's end repeats its last item
        for (int i = count; i % lanes != 0; ++i) out[c * tile + i] = out[c * tile + count - 1];
}

}  // namespace bitsapart::BITSAPART_LEVEL
