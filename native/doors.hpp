// What the handlers share.
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

// Those of the instruction set in use, and of a precision; null for any other.
const Kernels& kernels();
const Precision* precision_of(const Any& buffer);

}  // namespace sundog
