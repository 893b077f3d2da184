// Lattice vectors, wrapped positions and virials, for lists and kernels.
#pragma once

#include "lists.hpp"

namespace sundog {

// Σ_k n_k h_k of the lattice vectors h_k.
template <class N>
SUNDOG_INLINE void lattice_vector(const double* h, const N* n, double* v) {
    for (int k = 0; k < 3; ++k) v[k] = n[0] * h[k] + n[1] * h[3 + k] + n[2] * h[6 + k];
}

// Translation of atom j of a pair, from its packed shift.
SUNDOG_INLINE void shift_vector(const double* h, int32_t packed, double* v) {
    double n[3];
    unpack_shift(packed, n);
    lattice_vector(h, n, v);
}

// Wrapped position of an atom, in the image for which the lists were made.
SUNDOG_INLINE void wrapped_position(const Lists& l, const double* positions, const double* cells,
                                    long atom, double* r) {
    lattice_vector(cells + 9L * l.system[atom], l.wrap + 3 * atom, r);
    for (int k = 0; k < 3; ++k) r[k] = positions[3L * l.order[atom] + k] - r[k];
}

// v += d ⊗ f, symmetrised: xx, yy, zz, yz, xz, xy. R may be a vector of T.
template <class T, class R>
SUNDOG_INLINE void add_virial(const R* d, const R* f, R* v) {
    for (int k = 0; k < 3; ++k) v[k] += d[k] * f[k];
    v[3] += T(0.5) * (d[1] * f[2] + d[2] * f[1]);
    v[4] += T(0.5) * (d[0] * f[2] + d[2] * f[0]);
    v[5] += T(0.5) * (d[0] * f[1] + d[1] * f[0]);
}

}  // namespace sundog
