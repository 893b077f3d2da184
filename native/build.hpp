// Interface of the construction of lists (lists.cpp).
#pragma once

#include "lists.hpp"

namespace sundog {

struct BuildInput {
    Extent extent;
    double short_reach, long_reach;  // Å; the long one may be infinite
    const double* positions;
    const double* lattice;  // [systems, 3, 3], completed where not periodic
    const uint8_t* pbc;
    const int32_t* system_index;
    const int32_t* numbers;
};

void build_lists(const BuildInput& in, const Lists& out);

}  // namespace sundog
