// The kernels of one instruction set as a table of functions.
#pragma once

#include "lists.hpp"
#include "mesh_call.hpp"
#include "team.hpp"

namespace sundog {

struct NetworkCall {
    const Shape& shape;
    const Zbl& zbl;
    const Lists& lists;
    const Team& team;
    const double *positions, *cell;
    const int32_t* numbers;
    const void* parameters;
    void* workspace;
    int32_t* indices;  // [3 · pairs + partitions]
};
struct NetworkOutputs {
    const void* initial;
    void *energy, *charge, *ratio, *zbl, *features, *euclidean;
};
struct NetworkGradients {
    const void *by_charge, *by_ratio;
    double *gradient, *virial;
};
struct LongCall {
    const LongRange& range;
    const Lists& lists;
    const Team& team;
    const double *positions, *cell;
    const void *charges, *polarizabilities, *over_c;
    void *electrostatics, *dispersion, *by_charge, *by_polarizability;
    double *gradient, *virial, *scratch;
};

struct Precision {
    long (*parameters)(const Shape&);
    long (*workspace)(const Shape&, const Extent&);
    long (*long_scratch)(const Extent&);  // in doubles
    void (*forward)(const NetworkCall&, const NetworkOutputs&);
    void (*backward)(const NetworkCall&, const NetworkGradients&);
    void (*long_range)(const LongCall&);
    void (*spread)(const MeshCall&, const Team&, const void* charges, void* meshes, void* scratch);
    void (*gather)(const MeshCall&, const Team&, const void* meshes, void* potential, void* slopes,
                   void* scratch);
};

struct Kernels {
    const char* name;
    Precision single, twice;
};

// Only the generic kernels run on every processor.
const Kernels* generic_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

}  // namespace sundog
