// Pair lists in the layout of the kernels. Atoms are in their sorted order throughout.
#pragma once

#include "shape.hpp"

namespace sundog {

// Atoms in a cluster: one vector of float32 of the widest instruction set.
inline constexpr int kCluster = 16;

// Three shifts of one pair, in lattice vectors, a byte each.
inline constexpr int32_t kNoShift = 128 | 128 << 8 | 128 << 16;
SUNDOG_INLINE void unpack_shift(int32_t packed, double* shift) {
    for (int k = 0; k < 3; ++k) shift[k] = double((packed >> (8 * k) & 255) - 128);
}

// Room of a set of lists; fixed, because XLA's shapes are.
struct Extent {
    long atoms, systems, parts, long_parts, clusters, short_pairs, long_pairs, halo;
    SUNDOG_INLINE long rows() const { return atoms + halo; }
};

// Views into one array of integers.
struct Lists {
    Extent extent;
    int32_t* demand;         // [kUnit] numbers of pairs, pairs of clusters and halo rows; then the
                             // closest pair (the user's indices) and its distance in 1e-6 Å
    int32_t* order;          // [atoms] the user's index of each atom
    int32_t* wrap;           // [atoms, 3] lattice vectors to subtract from its position
    int32_t* system;         // [atoms]
    int32_t* row_start;      // [atoms + 1]
    int32_t* pair_atom;      // [short_pairs] the other atom j of a pair
    int32_t* pair_row;       // [short_pairs] accumulator row of j
    int32_t* pair_shift;     // [short_pairs]
    int32_t* bounds;         // [partitions + 1] atoms of each partition
    int32_t* halo_start;     // [partitions + 1] rows after those of the atoms themselves
    int32_t* halo_of;        // [atoms + 1] first of an atom's entries in halo_rows
    int32_t* halo_rows;      // [halo]
    int32_t* cluster_first;  // [clusters + 1] first atom
    int32_t* long_start;     // [clusters + 1]
    int32_t* long_cluster;   // [long_pairs]
    int32_t* long_shift;     // [long_pairs]
    long size;

    SUNDOG_INLINE Lists(const Extent& e, int32_t* base) : extent(e) {
        long used = 0;
        const auto take = [&](long n) {
            int32_t* here = base + used;
            used += round_up(n);
            return here;
        };
        demand = take(kUnit);
        order = take(e.atoms);
        wrap = take(3 * e.atoms);
        system = take(e.atoms);
        row_start = take(e.atoms + 1);
        pair_atom = take(e.short_pairs);
        pair_row = take(e.short_pairs);
        pair_shift = take(e.short_pairs);
        bounds = take(e.parts + 1);
        halo_start = take(e.parts + 1);
        halo_of = take(e.atoms + 1);
        halo_rows = take(e.halo);
        cluster_first = take(e.clusters + 1);
        long_start = take(e.clusters + 1);
        long_cluster = take(e.long_pairs);
        long_shift = take(e.long_pairs);
        size = used;
    }
};

}  // namespace sundog
