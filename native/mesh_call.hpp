// Arguments of the transfer of charges to a mesh and of potentials back.
#pragma once

#include "team.hpp"

namespace sundog {

// Largest number of points around an atom along one axis.
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
