// The doors to the mesh: charges to it, potentials back.
#include "crew.hpp"
#include "doors.hpp"

namespace sundog {
namespace {

// Extent: atoms, structures, parts, the mesh's three sizes, order of the splines.
bool read_mesh(Ints n, MeshCall& c) {
    if (n.size() != 7) return false;
    c.atoms = long(n[0]);
    c.systems = long(n[1]);
    c.parts = long(n[2]);
    for (int k = 0; k < 3; ++k) c.shape[k] = long(n[3 + k]);
    c.order = int(n[6]);
    return c.parts > 0 && c.order >= 3 && c.order <= kMeshWidth && c.shape[0] >= c.order &&
           c.shape[1] >= c.order && c.shape[2] > 0;
}

ffi::Error spread(ffi::ThreadPool pool, int64_t threads, Ints extent, DoubleBuffer u,
                  IntBuffer system, Any charges, Result<Any> meshes, Result<Any> scratch) {
    MeshCall c;
    const Precision* precision = precision_of(charges);
    if (!precision || !read_mesh(extent, c) ||
        long(scratch->element_count()) != c.parts * c.padded())
        return ffi::Error::InvalidArgument("mesh");
    c.u = u.typed_data();
    c.system = system.typed_data();
    const CrewOfCall crew(pool, threads, int(c.parts));
    precision->spread(c, crew.team, charges.untyped_data(), meshes->untyped_data(),
                      scratch->untyped_data());
    return ffi::Error::Success();
}

ffi::Error gather(ffi::ThreadPool pool, int64_t threads, Ints extent, DoubleBuffer u,
                  IntBuffer system, Any meshes, Result<Any> potential, Result<Any> slopes,
                  Result<Any> scratch) {
    MeshCall c;
    const Precision* precision = precision_of(meshes);
    if (!precision || !read_mesh(extent, c) || long(scratch->element_count()) != c.padded())
        return ffi::Error::InvalidArgument("mesh");
    c.u = u.typed_data();
    c.system = system.typed_data();
    const CrewOfCall crew(pool, threads, int(c.parts));
    precision->gather(c, crew.team, meshes.untyped_data(), potential->untyped_data(),
                      slopes->untyped_data(), scratch->untyped_data());
    return ffi::Error::Success();
}

}  // namespace
}  // namespace sundog

#pragma GCC visibility push(default)

XLA_FFI_DEFINE_HANDLER_SYMBOL(sundog_spread, sundog::spread,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int64_t>("threads")
                                  .Attr<sundog::Ints>("extent")
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(sundog_gather, sundog::gather,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int64_t>("threads")
                                  .Attr<sundog::Ints>("extent")
                                  .Arg<sundog::DoubleBuffer>()
                                  .Arg<sundog::IntBuffer>()
                                  .Arg<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>()
                                  .Ret<sundog::Any>());

extern "C" int64_t sundog_mesh_scratch_size(const int64_t* extent) {
    sundog::MeshCall c;
    return sundog::read_mesh({extent, 7}, c) ? c.padded() : -1;
}

#pragma GCC visibility pop
