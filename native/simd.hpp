// Vectors of T in the compiler's extension, and the functions that the kernels need on them.
//
// This header is compiled once per instruction set, each time in a namespace of its own
// (SUNDOG_ISA), so that the linker can never take one set's code for another's.
#pragma once

#include <cstdint>
#include <utility>

#include "shape.hpp"

namespace sundog::SUNDOG_ISA {

template <class T>
struct IntegerOf;
template <>
struct IntegerOf<float> {
    using type = int32_t;
};
template <>
struct IntegerOf<double> {
    using type = int64_t;
};

template <class T>
struct Simd {
    typedef T Vector __attribute__((vector_size(SUNDOG_VECTOR_BYTES)));
    typedef typename IntegerOf<T>::type Mask __attribute__((vector_size(SUNDOG_VECTOR_BYTES)));
};
template <class T>
using Vec = typename Simd<T>::Vector;
template <class T>
using Mask = typename Simd<T>::Mask;
template <class T>
inline constexpr int kLanes = SUNDOG_VECTOR_BYTES / sizeof(T);

// Loads and stores need no alignment. They alias T, not bytes: the compiler then knows that a store
// of numbers cannot change a pointer, and does not read the pointer again.
template <class T>
SUNDOG_INLINE Vec<T> load(const T* p) {
    typedef T Loose __attribute__((vector_size(SUNDOG_VECTOR_BYTES), aligned(sizeof(T))));
    return *reinterpret_cast<const Loose*>(p);
}
template <class T>
SUNDOG_INLINE void store(T* p, Vec<T> v) {
    typedef T Loose __attribute__((vector_size(SUNDOG_VECTOR_BYTES), aligned(sizeof(T))));
    *reinterpret_cast<Loose*>(p) = v;
}
template <class T>
SUNDOG_INLINE Vec<T> splat(T x) {
    return x - Vec<T>{};
}
template <class T>
SUNDOG_INLINE Mask<T> bits(Vec<T> v) {
    Mask<T> m;
    __builtin_memcpy(&m, &v, sizeof m);
    return m;
}
template <class T>
SUNDOG_INLINE Vec<T> from_bits(Mask<T> m) {
    Vec<T> v;
    __builtin_memcpy(&v, &m, sizeof v);
    return v;
}
template <class T>
SUNDOG_INLINE bool any(Mask<T> m) {
#if SUNDOG_VECTOR_BYTES == 64
    typedef int Words __attribute__((vector_size(64)));
    const Words w = reinterpret_cast<Words>(m);
    return __builtin_ia32_ptestmd512(w, w, -1) != 0;
#elif SUNDOG_VECTOR_BYTES == 32
    typedef float Floats __attribute__((vector_size(32)));
    return __builtin_ia32_movmskps256(reinterpret_cast<Floats>(m)) != 0;
#else
    typename IntegerOf<T>::type all = 0;
    for (int k = 0; k < kLanes<T>; ++k) all |= m[k];
    return all != 0;
#endif
}

// {a0+a1, a2+a3, …, b0+b1, b2+b3, …}
template <class T, int... k>
SUNDOG_INLINE Vec<T> add_neighbors(Vec<T> a, Vec<T> b, std::integer_sequence<int, k...>) {
    return __builtin_shufflevector(a, b, (2 * k)...) +
           __builtin_shufflevector(a, b, (2 * k + 1)...);
}

// Sums over the lanes of as many vectors as there are lanes, in their order. Overwrites `rows`.
template <class T>
SUNDOG_INLINE Vec<T> sum_of_each(Vec<T>* rows) {
    constexpr int lanes = kLanes<T>;
#pragma GCC unroll 4
    for (int n = lanes / 2; n > 0; n /= 2)
#pragma GCC unroll 8
        for (int k = 0; k < n; ++k)
            rows[k] = add_neighbors<T>(rows[2 * k], rows[2 * k + 1],
                                       std::make_integer_sequence<int, lanes>{});
    return rows[0];
}
template <class T>
SUNDOG_INLINE T sum(Vec<T> v) {
    T parts[kLanes<T>];
    store(parts, v);
#pragma GCC unroll 4
    for (int n = kLanes<T> / 2; n > 0; n /= 2)
#pragma GCC unroll 8
        for (int k = 0; k < n; ++k) parts[k] += parts[k + n];
    return parts[0];
}

// a, or b where a is NaN. A comparison would take two instructions, for zeros with signs.
template <class T>
SUNDOG_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) {
#if SUNDOG_VECTOR_BYTES == 64
    if constexpr (sizeof(T) == 4) return __builtin_ia32_minps512_mask(a, b, a, -1, 4);
    if constexpr (sizeof(T) == 8) return __builtin_ia32_minpd512_mask(a, b, a, -1, 4);
#elif SUNDOG_VECTOR_BYTES == 32
    if constexpr (sizeof(T) == 4) return __builtin_ia32_minps256(a, b);
    if constexpr (sizeof(T) == 8) return __builtin_ia32_minpd256(a, b);
#else
    return a < b ? a : b;
#endif
}
template <class T>
SUNDOG_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) {
#if SUNDOG_VECTOR_BYTES == 64
    if constexpr (sizeof(T) == 4) return __builtin_ia32_maxps512_mask(a, b, a, -1, 4);
    if constexpr (sizeof(T) == 8) return __builtin_ia32_maxpd512_mask(a, b, a, -1, 4);
#elif SUNDOG_VECTOR_BYTES == 32
    if constexpr (sizeof(T) == 4) return __builtin_ia32_maxps256(a, b);
    if constexpr (sizeof(T) == 8) return __builtin_ia32_maxpd256(a, b);
#else
    return a > b ? a : b;
#endif
}

// 1/x and 1/√x for positive x of moderate size: a first guess, from the processor or from the
// bits, refined by Newton steps. Division and square root of vectors take several times as long.
#if SUNDOG_VECTOR_BYTES == 64
SUNDOG_INLINE Vec<float> reciprocal(Vec<float> x) {
    const Vec<float> y = __builtin_ia32_rcp14ps512_mask(x, x, -1);
    return y + y * (1.0f - x * y);
}
SUNDOG_INLINE Vec<float> reciprocal_root(Vec<float> x) {
    const Vec<float> y = __builtin_ia32_rsqrt14ps512_mask(x, x, -1);
    return y + y * (0.5f - 0.5f * x * y * y);
}
#elif SUNDOG_VECTOR_BYTES == 32
SUNDOG_INLINE Vec<float> reciprocal(Vec<float> x) {
    const Vec<float> y = __builtin_ia32_rcpps256(x);
    return y + y * (1.0f - x * y);
}
SUNDOG_INLINE Vec<float> reciprocal_root(Vec<float> x) {
    const Vec<float> y = __builtin_ia32_rsqrtps256(x);
    return y + y * (0.5f - 0.5f * x * y * y);
}
#else
SUNDOG_INLINE Vec<float> reciprocal(Vec<float> x) {
    Vec<float> y = from_bits<float>(0x7EF311C7 - bits<float>(x));
    for (int k = 0; k < 3; ++k) y = y * (2.0f - x * y);
    return y + y * (1.0f - x * y);
}
SUNDOG_INLINE Vec<float> reciprocal_root(Vec<float> x) {
    Vec<float> y = from_bits<float>(0x5F375A86 - (bits<float>(x) >> 1));
    for (int k = 0; k < 4; ++k) y = y + y * (0.5f - 0.5f * x * y * y);
    return y;
}
#endif
SUNDOG_INLINE Vec<double> reciprocal(Vec<double> x) { return 1.0 / x; }
SUNDOG_INLINE Vec<double> reciprocal_root(Vec<double> x) {
    Vec<double> root;
    for (int k = 0; k < kLanes<double>; ++k) root[k] = __builtin_sqrt(x[k]);
    return 1.0 / root;
}

// e^x to rounding: 2^n e^f with |f| ≤ ln 2 / 2. Arguments are clamped to where e^x and e^(−x) are
// normal numbers.
SUNDOG_INLINE Vec<float> exponential(Vec<float> x) {
    x = minimum<float>(maximum<float>(x, splat(-87.0f)), splat(87.0f));
    const Vec<float> magic = splat(12582912.0f);  // 1.5 · 2^23: adding it rounds to integers
    const Vec<float> shifted = x * 1.44269504f + magic;
    const Vec<float> n = shifted - magic;
    const Vec<float> f = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    Vec<float> p = splat(1.9875691500e-4f);
    p = p * f + 1.3981999507e-3f;
    p = p * f + 8.3334519073e-3f;
    p = p * f + 4.1665795894e-2f;
    p = p * f + 1.6666665459e-1f;
    p = p * f + 5.0000001201e-1f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    return from_bits<float>(bits<float>(p) + (bits<float>(shifted) << 23));
}
SUNDOG_INLINE Vec<double> exponential(Vec<double> x) {
    x = minimum<double>(maximum<double>(x, splat(-708.0)), splat(708.0));
    const Vec<double> magic = splat(6755399441055744.0);  // 1.5 · 2^52
    const Vec<double> shifted = x * 1.4426950408889634 + magic;
    const Vec<double> n = shifted - magic;
    const Vec<double> f = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6;
    // Taylor to the 13th order: the remainder is below rounding for |f| ≤ 0.35.
    Vec<double> p = splat(1.0 / 6227020800.0);
    const double inverse_factorials[] = {1.0 / 479001600.0,
                                         1.0 / 39916800.0,
                                         1.0 / 3628800.0,
                                         1.0 / 362880.0,
                                         1.0 / 40320.0,
                                         1.0 / 5040.0,
                                         1.0 / 720.0,
                                         1.0 / 120.0,
                                         1.0 / 24.0,
                                         1.0 / 6.0,
                                         0.5,
                                         1.0,
                                         1.0};
#pragma GCC unroll 13
    for (double c : inverse_factorials) p = p * f + c;
    return from_bits<double>(bits<double>(p) + (bits<double>(shifted) << 52));
}

// Natural logarithm of positive normal numbers, to a few ulp: m 2^e with √½ ≤ m < √2 and
// log m = 2 artanh(s), s = (m − 1)/(m + 1).
template <class T>
SUNDOG_INLINE Vec<T> logarithm(Vec<T> x) {
    constexpr int mantissa = sizeof(T) == 4 ? 23 : 52;
    using I = typename IntegerOf<T>::type;
    constexpr I half_root = sizeof(T) == 4 ? I(0x3f3504f3) : I(0x3fe6a09e667f3bcdLL);
    const Mask<T> b = bits<T>(x) - half_root;
    const Mask<T> e = b >> mantissa;
    const Vec<T> m = from_bits<T>((b & ((I(1) << mantissa) - 1)) + half_root);
    const Vec<T> s = (m - T(1)) * reciprocal(m + T(1));
    const Vec<T> s2 = s * s;
    constexpr int terms = sizeof(T) == 4 ? 4 : 10;
    Vec<T> p = splat(T(1) / T(2 * terms + 1));
#pragma GCC unroll 10
    for (int k = terms - 1; k >= 0; --k) p = p * s2 + T(1) / T(2 * k + 1);
    return __builtin_convertvector(e, Vec<T>) * T(0.693147180559945309417) + T(2) * s * p;
}

// x σ(x) and its derivative, σ the logistic function.
template <class T>
struct Silu {
    Vec<T> value, slope;
};
template <class T>
SUNDOG_INLINE Silu<T> silu(Vec<T> x) {
    const Vec<T> gate = reciprocal(T(1) + exponential(-x));
    const Vec<T> value = x * gate;
    return {value, gate + value * (T(1) - gate)};
}

}  // namespace sundog::SUNDOG_ISA
