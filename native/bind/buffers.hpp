// Python's arrays as columns: the buffer protocol, zero copy, any stride, read-only or not.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <type_traits>
#include <vector>

#include "bitsapart/source.hpp"

namespace nb = nanobind;

class Buffer {
public:
    explicit Buffer(nb::handle array, int flags = PyBUF_RECORDS_RO) {
        if (PyObject_GetBuffer(array.ptr(), &view_, flags) != 0) throw nb::python_error();
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { PyBuffer_Release(&view_); }

    const Py_buffer& view() const { return view_; }
    int64_t items() const { return view_.ndim > 0 ? view_.shape[0] : 0; }

    bitsapart::Type type() const {
        using bitsapart::Type;
        const char* format = view_.format != nullptr ? view_.format : "B";
        if (*format == '<' || *format == '=' || *format == '@' || *format == '|') ++format;
        const auto width = view_.itemsize;
        switch (*format) {
            case 'e': return Type::f16;
            case 'f': return Type::f32;
            case 'd': return Type::f64;
            case 'b': case 'h': case 'i': case 'l': case 'q':
                return width == 1 ? Type::i8 : width == 2 ? Type::i16 : width == 4 ? Type::i32 : Type::i64;
            case '?': case 'B': case 'H': case 'I': case 'L': case 'Q':
                return width == 1 ? Type::u8 : width == 2 ? Type::u16 : width == 4 ? Type::u32 : Type::u64;
            default: throw nb::type_error("a column must hold floating-point numbers or integers");
        }
    }

private:
    Py_buffer view_{};
};

// A contiguous run of doubles or of 64-bit integers, to read or (writable) to write.
template <class T>
T* contiguous(const Buffer& buffer, int64_t count) {
    using bitsapart::Type;
    const Type type = std::is_floating_point_v<T> ? Type::f64 : Type::i64;
    if (buffer.type() != type || reinterpret_cast<uintptr_t>(buffer.view().buf) % alignof(T) != 0)
        throw nb::type_error("an array has the wrong type or is not aligned");
    if (buffer.view().len != count * static_cast<int64_t>(sizeof(T)) || !PyBuffer_IsContiguous(&buffer.view(), 'C'))
        throw nb::value_error("an array has the wrong size or is not contiguous");
    return static_cast<T*>(buffer.view().buf);
}

// One side of a comparison, with its arrays kept alive. `columns` is a list of 1-D arrays, or one 2-D array.
class Side {
public:
    Side(int kind, nb::list columns, int64_t classes, bool single, int positive) {
        using namespace bitsapart;
        source_ = {static_cast<Kind>(kind), classes, nullptr, single, false, positive};
        buffers_.reserve(nb::len(columns));
        for (nb::handle array : columns) buffers_.emplace_back(std::make_unique<Buffer>(array));
        if (buffers_.empty()) throw nb::value_error("no columns");
        items_ = buffers_[0]->items();
        for (const auto& buffer : buffers_) {
            if (buffer->items() != items_) throw nb::value_error("columns of different length");
            if (buffer->view().ndim < 1 || buffer->view().ndim > 2) throw nb::value_error("one or two dimensions");
            if (buffer->view().ndim == 1) add(*buffer, 0, 0);
            else for (int64_t c = 0; c < buffer->view().shape[1]; ++c) add(*buffer, c, buffer->view().strides[1]);
        }
        const bool one = single || source_.kind == Kind::labels;
        if (static_cast<int64_t>(columns_.size()) != (one ? 1 : classes)) throw nb::value_error("a column for each class");
        const Buffer& first = *buffers_[0];
        source_.rows = first.view().ndim == 2 && first.view().strides[1] == first.view().itemsize;
        source_.column = columns_.data();
    }

    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;

    const bitsapart::Source& source() const { return source_; }
    int64_t items() const { return items_; }

private:
    void add(const Buffer& buffer, int64_t c, int64_t class_stride) {
        columns_.push_back({static_cast<const char*>(buffer.view().buf) + c * class_stride, buffer.view().strides[0],
                            buffer.type()});
    }

    std::vector<std::unique_ptr<Buffer>> buffers_;
    std::vector<bitsapart::Column> columns_;
    bitsapart::Source source_{};
    int64_t items_ = 0;
};
