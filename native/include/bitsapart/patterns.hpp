// Which rows of counts are equal: a hash table of the distinct ones.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "bitsapart/load.hpp"

namespace bitsapart {

// The finaliser of a 64-bit mixer: every input bit reaches every output bit.
inline uint64_t mixed(uint64_t h) {
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93;
    return h ^ (h >> 32);
}

// code[i]: the number of item i's row among the distinct ones; returns the item where each first occurs.
inline std::vector<int64_t> find_patterns(const Source& counts, int64_t items, int64_t* code) {
    using namespace host;
    const int64_t classes = counts.classes, tile = 64;
    std::vector<double> turned(static_cast<size_t>(classes * tile)), distinct;
    std::vector<int64_t> first, table(1024, -1);
    std::vector<uint64_t> hashes;
    std::vector<double> row(static_cast<size_t>(classes));
    const size_t bytes = row.size() * sizeof(double);
    const auto grow = [&] {
        table.assign(table.size() * 2, -1);
        for (size_t k = 0; k < hashes.size(); ++k) {
            size_t at = hashes[k] & (table.size() - 1);
            while (table[at] >= 0) at = (at + 1) & (table.size() - 1);
            table[at] = static_cast<int64_t>(k);
        }
    };
    for (int64_t begin = 0; begin < items; begin += tile) {
        const int count = static_cast<int>(std::min(tile, items - begin));
        load_columns(counts, begin, count, 0, static_cast<int>(classes), turned.data(), static_cast<int>(tile));
        for (int i = 0; i < count; ++i) {
            uint64_t hash = 0;
            for (int64_t c = 0; c < classes; ++c) {
                row[static_cast<size_t>(c)] = turned[static_cast<size_t>(c * tile + i)];
                hash = mixed(hash + static_cast<uint64_t>(row[static_cast<size_t>(c)]) + 0x9e3779b97f4a7c15);
            }
            size_t at = hash & (table.size() - 1);
            int64_t found = table[at];
            while (found >= 0 && (hashes[static_cast<size_t>(found)] != hash ||
                                  std::memcmp(&distinct[static_cast<size_t>(found * classes)], row.data(), bytes) != 0))
                found = table[at = (at + 1) & (table.size() - 1)];
            if (found < 0) {
                found = table[at] = static_cast<int64_t>(first.size());
                first.push_back(begin + i);
                hashes.push_back(hash);
                distinct.insert(distinct.end(), row.begin(), row.end());
                if (first.size() * 2 > table.size()) grow();
            }
            code[begin + i] = found;
        }
    }
    return first;
}

}  // namespace bitsapart
