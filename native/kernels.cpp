// Compiled once per instruction set, with SUNDOG_ISA and SUNDOG_VECTOR_BYTES defined.
#include "kernels.hpp"

#include "long_range.hpp"
#include "network.hpp"

#define SUNDOG_PASTE(a, b) a##b
#define SUNDOG_JOIN(a, b) SUNDOG_PASTE(a, b)
#define SUNDOG_QUOTE(a) #a
#define SUNDOG_NAME(a) SUNDOG_QUOTE(a)

namespace sundog {
namespace SUNDOG_ISA {
namespace {

template <class T>
struct Setup {
    Parameters<T> parameters;
    Workspace<T> work;
    HarmonicNorms norms;
    Context<T> context;

    explicit Setup(const NetworkCall& call)
        : parameters(call.shape, static_cast<const T*>(call.parameters)),
          work(call.shape, call.lists.extent, static_cast<T*>(call.workspace)),
          context{call.shape,
                  parameters,
                  call.lists,
                  work,
                  call.zbl,
                  norms,
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
    return Parameters<T>(shape, nullptr).end - static_cast<const T*>(nullptr);
}

template <class T>
long workspace_size(const Shape& shape, const Extent& extent) {
    return Workspace<T>(shape, extent, nullptr).size;
}

template <class T>
void run_forward(const NetworkCall& call, const NetworkOutputs& o) {
    const Setup<T> setup(call);
    const Outputs<T> outputs{static_cast<T*>(o.energy), static_cast<T*>(o.charge),
                             static_cast<T*>(o.ratio), static_cast<T*>(o.features),
                             static_cast<T*>(o.euclidean)};
    forward(setup.context, call.team, static_cast<const T*>(o.initial), outputs,
            static_cast<T*>(o.zbl));
}

template <class T>
void run_backward(const NetworkCall& call, const NetworkGradients& g) {
    const Setup<T> setup(call);
    const Cotangents<T> cotangents{static_cast<const T*>(g.by_charge),
                                   static_cast<const T*>(g.by_ratio)};
    backward(setup.context, call.team, cotangents, g.gradient, g.virial);
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
constexpr Precision precision() {
    return {parameters_size<T>, workspace_size<T>, LongWork<T>::doubles,
            run_forward<T>,     run_backward<T>,   run_long_range<T>};
}

constexpr Kernels kKernels{SUNDOG_NAME(SUNDOG_ISA), precision<float>(), precision<double>()};

}  // namespace
}  // namespace SUNDOG_ISA

const Kernels* SUNDOG_JOIN(SUNDOG_ISA, _kernels)() { return &SUNDOG_ISA::kKernels; }

}  // namespace sundog
