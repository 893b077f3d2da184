// Arguments that all stages of the network's passes share.
#pragma once

#include "harmonics.hpp"
#include "parameters.hpp"
#include "tensors.hpp"
#include "workspace.hpp"

namespace sundog::SUNDOG_ISA {

// Species of a single structure, with an example atom of each; count is 0 where tables do not pay.
struct Species {
    int count;
    long example[kMostSpecies];
    signed char of_number[kMostNumbers];

    SUNDOG_INLINE Species(const Lists& l, const int32_t* numbers) : count(0) {
        for (signed char& index : of_number) index = -1;
        if (l.extent.systems != 1 || l.extent.atoms < kAtomsWorthTables) return;
        for (long a = 0; a < l.extent.atoms; ++a) {
            const int32_t number = numbers[l.order[a]];
            if (number <= 0) continue;
            if (number >= kMostNumbers || (of_number[number] < 0 && count == kMostSpecies)) {
                count = 0;
                return;
            }
            if (of_number[number] >= 0) continue;
            example[count] = a;
            of_number[number] = static_cast<signed char>(count++);
        }
    }
};

template <class T, class S>
struct Context {
    const S shape;
    const Parameters<T>& parameters;
    const Lists& lists;
    Workspace<T>& work;
    const Zbl& zbl;
    const HarmonicNorms& norms;
    const Species& species;
    const double* positions;  // in the user's order
    const double* cell;       // [structures, 3, 3]
    const int32_t* numbers;
    int32_t* pair_i;  // pairs within the cutoff: atoms i and j, accumulator row of j
    int32_t* pair_j;
    int32_t* pair_row;
    int32_t* pair_count;  // pairs of each partition; they start where its listed pairs do

    T* scratch(int partition) const { return work.scratch + partition * work.scratch_size; }
    SUNDOG_INLINE int species_of(long atom) const {
        return species.of_number[numbers[lists.order[atom]]];
    }
    // Dot products of the first layer at each knot, for an ordered pair of species.
    SUNDOG_INLINE T* species_table(int pair) const {
        return work.species_tables + 3L * shape.knots * shape.dots() * pair;
    }
    long first_pair(int partition) const { return lists.row_start[lists.bounds[partition]]; }
    // Rows to which a partition can add: those of its own atoms, then those of its halo.
    template <class F>
    SUNDOG_INLINE void own_rows(int partition, const F& f) const {
        const Lists& l = lists;
        f(long(l.bounds[partition]), long(l.bounds[partition + 1]));
        f(l.extent.atoms + l.halo_start[partition], l.extent.atoms + l.halo_start[partition + 1]);
    }
    // Adds to `row` the sums of other partitions for an atom.
    template <class Row>
    SUNDOG_INLINE void add_halo(const Row* rows, long width, long atom, Row* row) const {
        for (int k = lists.halo_of[atom]; k < lists.halo_of[atom + 1]; ++k) {
            const Row* more = rows + lists.halo_rows[k] * width;
            for (long c = 0; c < width; ++c) row[c] += more[c];
        }
    }
};

}  // namespace sundog::SUNDOG_ISA
