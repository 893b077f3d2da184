// Residuals of the forward pass for the backward pass, and scratch memory of both, in one array.
#pragma once

#include "lists.hpp"

namespace sundog::SUNDOG_ISA {

// Number of pairs whose filters are computed together, and of atoms in a block of dense layers.
inline constexpr int kChunk = 16;
inline constexpr int kBlock = 32;

template <class T>
struct Workspace {
    // Pairs within the cutoff. Unit vectors, distance, c = f/n̄ and dc/dr as columns; then rows.
    T *ux, *uy, *uz, *r, *weight, *weight_slope;
    T *harmonics, *first_slopes, *totals;
    T* dots[kMostLayers];
    // Atoms.
    double* position;  // x, y, z, unused; wrapped
    double* force;     // for each accumulator row
    double* virial;    // six components for each partition and structure
    T *zbl, *x, *gx, *gx_heads, *gev, *update, *gradient;
    T *kqv[kMostLayers], *ev[kMostLayers], *ev_mid[kMostLayers];
    T *normed1[kMostLayers], *normed2[kMostLayers];
    T *z[kMostLayers], *scales[kMostLayers];
    T *z_energy, *z_charge, *z_ratio;
    T* species_tables;
    T* scratch;
    long scratch_size;
    long size;  // length of the whole array, in T

    Workspace(const Shape& s, const Extent& e, T* base) {
        long used = 0;
        auto take = [&](long n) {
            T* here = base + used;
            used += round_up(n, 64 / sizeof(T));
            return here;
        };
        auto take_double = [&](long n) {
            return reinterpret_cast<double*>(take(n * long(sizeof(double) / sizeof(T))));
        };
        for (T** column : {&ux, &uy, &uz, &r, &weight, &weight_slope})
            *column = take(e.short_pairs + kUnit);
        harmonics = take(e.short_pairs * s.ev());
        totals = take(e.short_pairs * s.ev());
        first_slopes = take(e.short_pairs * s.dots());
        position = take_double(4 * e.atoms);
        force = take_double(4 * e.rows());
        virial = take_double(6 * e.systems * e.parts);
        zbl = take(e.rows());
        x = take(e.atoms * s.x() + kUnit);
        gx = take(e.atoms * s.x() + kUnit);
        gx_heads = take(e.atoms * s.v());
        gev = take(e.atoms * s.ev());
        update = take(e.rows() * (s.v() + s.ev()));
        gradient = take(e.rows() * (s.kqv() + s.ev()));
        for (int t = 0; t < s.layers; ++t) {
            dots[t] = take(e.short_pairs * s.dots());
            kqv[t] = take(e.atoms * s.kqv());
            ev[t] = take(e.atoms * s.ev());
            ev_mid[t] = take(e.atoms * s.ev());
            normed1[t] = take(e.atoms * s.x());
            normed2[t] = take(e.atoms * s.x());
            z[t] = take(e.atoms * s.x());
            // 1/deviation of both norms, then the factors of the components.
            scales[t] = take(e.atoms * (kUnit + s.per_degree()));
        }
        z_energy = take(e.atoms * s.x());
        z_charge = take(e.atoms * s.x());
        z_ratio = take(e.atoms * s.hirshfeld_row());
        const bool tables = e.systems == 1 && e.atoms >= kAtomsWorthTables;
        species_tables = take(tables ? 3L * s.knots * s.dots() * kMostSpecies * kMostSpecies : 0);
        const long of_sums = s.dots() > s.per_degree() ? s.dots() : s.per_degree();
        const long of_chunk = s.ev() + s.per_degree() + 6L * s.hidden() + s.channels() + s.dots() +
                              kUnit * of_sums;
        const long of_block = 2L * s.x() + 2L * s.mixed_row();
        const long chunk = kChunk * of_chunk, block = kBlock * of_block;
        scratch_size = round_up((chunk > block ? chunk : block) + 8 * kUnit, 64);
        scratch = take(scratch_size * e.parts);
        size = used;
    }
};

}  // namespace sundog::SUNDOG_ISA
