// Compiled once per instruction set, with SUNDOG_ISA and SUNDOG_VECTOR_BYTES defined.
#include "kernels.hpp"

#include <type_traits>

#include "long_range.hpp"
#include "mesh.hpp"
#include "network.hpp"

#define SUNDOG_PASTE(a, b) a##b
#define SUNDOG_JOIN(a, b) SUNDOG_PASTE(a, b)
#define SUNDOG_QUOTE(a) #a
#define SUNDOG_NAME(a) SUNDOG_QUOTE(a)

namespace sundog {
namespace SUNDOG_ISA {
namespace {

// Shape of a model as the published one, which the compiler knows, or as any other.
template <class S>
S narrowed(const Shape& s) {
    if constexpr (std::is_same_v<S, Shape>)
        return s;
    else
        return {{s.layers, s.exponentials, s.elements, s.knots, s.cutoff, s.average_neighbors,
                 s.knots_per_angstrom}};
}

template <class T, class S>
struct Setup {
    Parameters<T> parameters;
    Workspace<T> work;
    HarmonicNorms norms;
    Species species;
    Context<T, S> context;

    explicit Setup(const NetworkCall& call)
        : parameters(call.shape, static_cast<const T*>(call.parameters)),
          work(call.shape, call.lists.extent, static_cast<T*>(call.workspace)),
          species(call.lists, call.numbers),
          context{narrowed<S>(call.shape),
                  parameters,
                  call.lists,
                  work,
                  call.zbl,
                  norms,
                  species,
                  call.positions,
                  call.cell,
                  call.numbers,
                  call.indices,
                  call.indices + call.lists.extent.short_pairs,
                  call.indices + 2 * call.lists.extent.short_pairs,
                  call.indices + 3 * call.lists.extent.short_pairs} {}
};

template <class T>
long parameters_size(const Shape& shape) {
    static const T origin{};
    return Parameters<T>(shape, &origin).end - &origin;
}

template <class T>
long workspace_size(const Shape& shape, const Extent& extent) {
    return Workspace<T>(shape, extent, nullptr).size;
}

template <class T, class S>
void run_forward_as(const NetworkCall& call, const NetworkOutputs& o) {
    const Setup<T, S> setup(call);
    const Outputs<T> outputs{static_cast<T*>(o.energy), static_cast<T*>(o.charge),
                             static_cast<T*>(o.ratio), static_cast<T*>(o.features),
                             static_cast<T*>(o.euclidean)};
    forward(setup.context, call.team, static_cast<const T*>(o.initial), outputs,
            static_cast<T*>(o.zbl));
}

template <class T>
void run_forward(const NetworkCall& call, const NetworkOutputs& outputs) {
    is_published(call.shape) ? run_forward_as<T, PublishedShape>(call, outputs)
                             : run_forward_as<T, Shape>(call, outputs);
}

template <class T, class S>
void run_backward_as(const NetworkCall& call, const NetworkGradients& g) {
    const Setup<T, S> setup(call);
    const Cotangents<T> cotangents{static_cast<const T*>(g.by_charge),
                                   static_cast<const T*>(g.by_ratio)};
    backward(setup.context, call.team, cotangents, g.gradient, g.virial);
}

template <class T>
void run_backward(const NetworkCall& call, const NetworkGradients& gradients) {
    is_published(call.shape) ? run_backward_as<T, PublishedShape>(call, gradients)
                             : run_backward_as<T, Shape>(call, gradients);
}

template <class T>
void run_long_range(const LongCall& c) {
    const LongInput<T> in{c.positions, c.cell, static_cast<const T*>(c.charges),
                          static_cast<const T*>(c.polarizabilities),
                          static_cast<const T*>(c.over_c)};
    const LongOutput<T> out{static_cast<T*>(c.electrostatics),
                            static_cast<T*>(c.dispersion),
                            static_cast<T*>(c.by_charge),
                            static_cast<T*>(c.by_polarizability),
                            c.gradient,
                            c.virial};
    long_range(c.range, c.lists, c.team, in, out, c.scratch);
}

template <class T>
void run_spread(const MeshCall& c, const Team& team, const void* charges, void* meshes,
                void* scratch) {
    spread(c, team, static_cast<const T*>(charges), static_cast<T*>(meshes),
           static_cast<T*>(scratch));
}

template <class T>
void run_gather(const MeshCall& c, const Team& team, const void* meshes, void* potential,
                void* slopes, void* scratch) {
    gather(c, team, static_cast<const T*>(meshes), static_cast<T*>(potential),
           static_cast<T*>(slopes), static_cast<T*>(scratch));
}

template <class T>
constexpr Precision precision() {
    return {parameters_size<T>, workspace_size<T>, LongWork<T>::doubles, run_forward<T>,
            run_backward<T>,    run_long_range<T>, run_spread<T>,        run_gather<T>};
}

constexpr Kernels kKernels{SUNDOG_NAME(SUNDOG_ISA), precision<float>(), precision<double>()};

}  // namespace
}  // namespace SUNDOG_ISA

const Kernels* SUNDOG_JOIN(SUNDOG_ISA, _kernels)() { return &SUNDOG_ISA::kKernels; }

}  // namespace sundog
