// Handlers that XLA calls, and a few plain functions for Python.
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "build.hpp"
#include "crew.hpp"
#include "doors.hpp"

namespace sundog {
namespace {

const Kernels* choose_kernels(int level) {
#ifdef SUNDOG_X86
    __builtin_cpu_init();
    const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    const bool medium = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (level >= 2 && wide) return avx512_kernels();
    if (level >= 1 && medium) return avx2_kernels();
#else
    (void)level;
#endif
    return generic_kernels();
}

// Most advanced instruction set that may be used: 2 AVX-512, 1 AVX2, 0 generic. For tests.
std::atomic<int> level{2};

}  // namespace

const Kernels& kernels() { return *choose_kernels(level.load()); }

const Precision* precision_of(const Any& buffer) {
    if (buffer.element_type() == ffi::F32) return &kernels().single;
    return buffer.element_type() == ffi::F64 ? &kernels().twice : nullptr;
}

namespace {

Extent read_extent(const int64_t* e) {
    return {long(e[0]), long(e[1]), long(e[2]), long(e[3]),
            long(e[4]), long(e[5]), long(e[6]), long(e[7])};
}

// Integers: features, heads, layers, angular, hirshfeld, elements, knots, exponentials, degrees.
// Constants: cutoff, mean neighbours, knots per Å, then the repulsion's off, d, p, a …, c ….
bool read_shape(const int64_t* n, long count, Shape& s) {
    if (count < 9 || count > 8 + kMostDegrees) return false;
    s.features = int(n[0]);
    s.heads = int(n[1]);
    s.layers = int(n[2]);
    s.angular = int(n[3]);
    s.hirshfeld = int(n[4]);
    s.elements = int(n[5]);
    s.knots = int(n[6]);
    s.exponentials = int(n[7]);
    s.degrees = int(count - 8);
    for (int l = 0; l < s.degrees; ++l) s.degree[l] = int(n[8 + l]);
    return s.layers <= kMostLayers && s.angular <= kMostAngular && s.kinds() <= kMostKinds &&
           s.exponentials <= kMostExponentials && s.highest() <= kHighestDegree;
}

void read_constants(const double* c, Shape& s, Zbl& z) {
    s.cutoff = c[0];
    s.average_neighbors = c[1];
    s.knots_per_angstrom = c[2];
    z.off = c[3];
    z.d = c[4];
    z.p = c[5];
    z.exponentials = s.exponentials;
    std::copy(c + 6, c + 6 + s.exponentials, z.a);
    std::copy(c + 6 + s.exponentials, c + 6 + 2 * s.exponentials, z.c);
}

ffi::Error build(Ints extent, double short_reach, double long_reach, DoubleBuffer positions,
                 DoubleBuffer lattice, ffi::Buffer<ffi::PRED> pbc, IntBuffer system_index,
                 IntBuffer numbers, Result<IntBuffer> lists) {
    const Extent e = read_extent(extent.begin());
    const Lists out(e, lists->typed_data());
    if (out.size != long(lists->element_count())) return ffi::Error::InvalidArgument("list size");
    const BuildInput in{e,
                        short_reach,
                        long_reach,
                        positions.typed_data(),
                        lattice.typed_data(),
                        reinterpret_cast<const uint8_t*>(pbc.typed_data()),
                        system_index.typed_data(),
                        numbers.typed_data()};
    build_lists(in, out);
    return ffi::Error::Success();
}

// Checked arguments of both passes of the network.
struct Prepared {
    Shape shape;
    Zbl zbl;
    Extent extent;
    const Precision* precision;
};

ffi::Error prepare(Ints integers, Ints extent, const DoubleBuffer& constants, const Any& parameters,
                   const Any& workspace, Prepared& p) {
    p.precision = precision_of(parameters);
    if (!p.precision || workspace.element_type() != parameters.element_type())
        return ffi::Error::InvalidArgument("precision");
    if (!read_shape(integers.begin(), long(integers.size()), p.shape))
        return ffi::Error::InvalidArgument("model shape");
    if (long(constants.element_count()) != 6 + 2 * p.shape.exponentials)
        return ffi::Error::InvalidArgument("constants");
    read_constants(constants.typed_data(), p.shape, p.zbl);
    p.extent = read_extent(extent.begin());
    if (p.precision->parameters(p.shape) != long(parameters.element_count()))
        return ffi::Error::InvalidArgument("parameters do not fit the model's shape");
    if (p.precision->workspace(p.shape, p.extent) != long(workspace.element_count()))
        return ffi::Error::InvalidArgument("workspace");
    return ffi::Error::Success();
}

ffi::Error forward(ffi::ThreadPool pool, int64_t threads, Ints integers, Ints extent,
                   DoubleBuffer positions, DoubleBuffer cell, IntBuffer numbers, IntBuffer lists,
                   Any initial, Any parameters, DoubleBuffer constants, Result<Any> energy,
                   Result<Any> charge, Result<Any> ratio, Result<Any> zbl, Result<Any> features,
                   Result<Any> euclidean, Result<Any> workspace, Result<IntBuffer> indices) {
    Prepared p;
    if (auto error = prepare(integers, extent, constants, parameters, *workspace, p);
        error.failure())
        return error;
    const Lists views(p.extent, const_cast<int32_t*>(lists.typed_data()));
    const CrewOfCall crew(pool, threads, int(p.extent.parts));
    const NetworkCall call{p.shape,
                           p.zbl,
                           views,
                           crew.team,
                           positions.typed_data(),
                           cell.typed_data(),
                           numbers.typed_data(),
                           parameters.untyped_data(),
                           workspace->untyped_data(),
                           indices->typed_data()};
    p.precision->forward(call, {initial.untyped_data(), energy->untyped_data(),
                                charge->untyped_data(), ratio->untyped_data(), zbl->untyped_data(),
                                features->untyped_data(), euclidean->untyped_data()});
    return ffi::Error::Success();
}

ffi::Error backward(ffi::ThreadPool pool, int64_t threads, Ints integers, Ints extent,
                    DoubleBuffer cell, IntBuffer numbers, IntBuffer lists, Any by_charge,
                    Any by_ratio, Any parameters, DoubleBuffer constants, Any workspace,
                    IntBuffer indices, Result<DoubleBuffer> gradient, Result<DoubleBuffer> virial,
                    Result<Any> scratch) {
    Prepared p;
    if (auto error = prepare(integers, extent, constants, parameters, workspace, p);
        error.failure())
        return error;
    // The two are one buffer unless XLA has made a copy.
    if (scratch->untyped_data() != workspace.untyped_data())
        std::copy_n(static_cast<const char*>(workspace.untyped_data()), workspace.size_bytes(),
                    static_cast<char*>(scratch->untyped_data()));
    const Lists views(p.extent, const_cast<int32_t*>(lists.typed_data()));
    const CrewOfCall crew(pool, threads, int(p.extent.parts));
    const NetworkCall call{p.shape,
                           p.zbl,
                           views,
                           crew.team,
                           nullptr,
                           cell.typed_data(),
                           numbers.typed_data(),
                           parameters.untyped_data(),
                           scratch->untyped_data(),
                           const_cast<int32_t*>(indices.typed_data())};
    p.precision->backward(call, {by_charge.untyped_data(), by_ratio.untyped_data(),
                                 gradient->typed_data(), virial->typed_data()});
    return ffi::Error::Success();
}

// Constants: cutoff, range of the polynomial, shift, slope, onset, damping, onset of the
// dispersion's switch, whether shifted; then the coefficients of V and of its slope.
ffi::Error long_range(ffi::ThreadPool pool, int64_t threads, Ints extent, DoubleBuffer positions,
                      DoubleBuffer cell, IntBuffer lists, Any charges, Any polarizabilities,
                      Any over_c, DoubleBuffer constants, Result<Any> electrostatics,
                      Result<Any> dispersion, Result<Any> by_charge, Result<Any> by_polarizability,
                      Result<DoubleBuffer> gradient, Result<DoubleBuffer> virial,
                      Result<DoubleBuffer> scratch) {
    const Precision* precision = precision_of(charges);
    const Extent e = read_extent(extent.begin());
    const long count = (long(constants.element_count()) - 8) / 2;
    if (!precision || count < 1 || count > kMostCoefficients ||
        precision->long_scratch(e) != long(scratch->element_count()))
        return ffi::Error::InvalidArgument("long range");
    const double* c = constants.typed_data();
    LongRange range{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] != 0, int(count), {}, {}};
    std::copy(c + 8, c + 8 + count, range.potential);
    std::copy(c + 8 + count, c + 8 + 2 * count, range.slope);
    const Lists views(e, const_cast<int32_t*>(lists.typed_data()));
    const CrewOfCall crew(pool, threads, int(e.long_parts));
    precision->long_range(
        {range, views, crew.team, positions.typed_data(), cell.typed_data(), charges.untyped_data(),
         polarizabilities.untyped_data(), over_c.untyped_data(), electrostatics->untyped_data(),
         dispersion->untyped_data(), by_charge->untyped_data(), by_polarizability->untyped_data(),
         gradient->typed_data(), virial->typed_data(), scratch->typed_data()});
    return ffi::Error::Success();
}

}  // namespace
}  // namespace sundog

// Exported symbols of the library.
#pragma GCC visibility push(default)

XLA_FFI_DEFINE_HANDLER_SYMBOL(sundog_build, sundog::build,
                              ffi::Ffi::Bind()
                                  .Attr<sundog::Ints>("extent")
                                  .Attr<double>("short_reach")
                                  .Attr<double>("long_reach")
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<ffi::Buffer<ffi::PRED>>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Ret<sundog::IntBuffer>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(sundog_forward, sundog::forward,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int64_t>("threads")
                                  .Attr<sundog::Ints>("shape")
                                  .Attr<sundog::Ints>("extent")
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::DoubleBuffer>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::IntBuffer>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(sundog_backward, sundog::backward,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int64_t>("threads")
                                  .Attr<sundog::Ints>("shape")
                                  .Attr<sundog::Ints>("extent")
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::IntBuffer>()
                                  .Ret<sundog::DoubleBuffer>()
                                  .Ret<sundog::DoubleBuffer>()
                                  .Ret<sundog::Any>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(sundog_long_range, sundog::long_range,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int64_t>("threads")
                                  .Attr<sundog::Ints>("extent")
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::Any>()
                                  .Arg<sundog::DoubleBuffer>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::DoubleBuffer>()
                                  .Ret<sundog::DoubleBuffer>()
                                  .Ret<sundog::DoubleBuffer>());

// Sizes of arrays, so that Python need not know their layout.
extern "C" int64_t sundog_lists_size(const int64_t* extent) {
    return sundog::Lists(sundog::read_extent(extent), nullptr).size;
}
extern "C" int64_t sundog_parameters_size(const int64_t* shape, int64_t count) {
    sundog::Shape s;
    return sundog::read_shape(shape, long(count), s) ? sundog::kernels().twice.parameters(s) : -1;
}
extern "C" int64_t sundog_workspace_size(const int64_t* shape, int64_t count, const int64_t* extent,
                                         int64_t is_double) {
    sundog::Shape s;
    if (!sundog::read_shape(shape, long(count), s)) return -1;
    const sundog::Precision& p = is_double ? sundog::kernels().twice : sundog::kernels().single;
    return p.workspace(s, sundog::read_extent(extent));
}
extern "C" int64_t sundog_long_scratch_size(const int64_t* extent, int64_t is_double) {
    const sundog::Precision& p = is_double ? sundog::kernels().twice : sundog::kernels().single;
    return p.long_scratch(sundog::read_extent(extent));
}
extern "C" const char* sundog_instruction_set() { return sundog::kernels().name; }
extern "C" void sundog_limit_instruction_set(int64_t level) { sundog::level = int(level); }

#pragma GCC visibility pop
