// Declarations that the handlers share.
#pragma once

#include "kernels.hpp"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace sundog {

using Ints = ffi::Span<const int64_t>;
using IntBuffer = ffi::Buffer<ffi::S32>;
using DoubleBuffer = ffi::Buffer<ffi::F64>;
using Any = ffi::AnyBuffer;
template <class B>
using Result = ffi::Result<B>;

// Kernels of the instruction set in use, and those for the precision of a buffer (null where it is
// neither float32 nor float64).
const Kernels& kernels();
const Precision* precision_of(const Any& buffer);

}  // namespace sundog
