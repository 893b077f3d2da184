// What spreading charges on a mesh, and gathering potentials from it, are called with.
#pragma once

#include "team.hpp"

namespace sundog {

// Points around an atom along one axis, at most.
inline constexpr int kMeshWidth = 8;

struct MeshCall {
    long atoms, systems, parts;
    long shape[3];
    int order;
    const double* u;        // [atoms, 3] coordinates in units of the mesh
    const int32_t* system;  // [atoms]

    // Length of a row along z with room for the points of an atom at its end.
    SUNDOG_INLINE long row() const { return shape[2] + kMeshWidth; }
    SUNDOG_INLINE long padded() const { return systems * shape[0] * shape[1] * row(); }
};

}  // namespace sundog
