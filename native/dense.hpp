// Layer normalisation, activations and small sums over rows.
#pragma once

#include "context.hpp"

namespace sundog::SUNDOG_ISA {

// x̂ = (x − mean)/deviation of one row of `features` numbers, padded; returns 1/deviation.
template <class T>
SUNDOG_INLINE T normalize(const T* x, int features, int row, T* normed) {
    constexpr int lanes = kLanes<T>;
    Vec<T> total{};
    for (int u = 0; u < row; u += lanes) total += load(x + u);
    const T mean = sum<T>(total) / T(features);
    Vec<T> squares{};
    for (int u = 0; u < row; u += lanes) {
        const Vec<T> d = load(x + u) - mean;
        squares += d * d;
    }
    // The padding was zero, so that centring has made it −mean.
    const T variance = (sum<T>(squares) - T(row - features) * mean * mean) / T(features);
    const T over = T(1) / __builtin_sqrt(variance + T(1e-6));
    for (int u = 0; u < row; u += lanes) store(normed + u, (load(x + u) - mean) * over);
    return over;
}

// Cotangent of x̂·scale + bias → cotangent of x, in place.
template <class T>
SUNDOG_INLINE void normalize_backward(const T* normed, T over, const T* scale, int features,
                                      int row, T* g) {
    constexpr int lanes = kLanes<T>;
    Vec<T> total{}, along{};
    for (int u = 0; u < row; u += lanes) {
        const Vec<T> h = load(g + u) * load(scale + u);
        total += h;
        along += h * load(normed + u);
        store(g + u, h);
    }
    const T mean = sum<T>(total) / T(features), slope = sum<T>(along) / T(features);
    for (int u = 0; u < row; u += lanes)
        store(g + u, over * (load(g + u) - mean - load(normed + u) * slope));
}

// y = x̂ · scale + bias
template <class T>
SUNDOG_INLINE void scale_and_shift(const T* normed, const T* scale, const T* bias, int row, T* y) {
    constexpr int lanes = kLanes<T>;
    for (int u = 0; u < row; u += lanes)
        store(y + u, load(normed + u) * load(scale + u) + load(bias + u));
}

template <class T>
SUNDOG_INLINE void silu_of(const T* x, int row, T* y) {
    for (int u = 0; u < row; u += kLanes<T>) store(y + u, silu<T>(load(x + u)).value);
}
// g ← g silu′(x)
template <class T>
SUNDOG_INLINE void silu_backward(const T* x, int row, T* g) {
    for (int u = 0; u < row; u += kLanes<T>) store(g + u, load(g + u) * silu<T>(load(x + u)).slope);
}

template <class T>
SUNDOG_INLINE void copy(const T* from, long n, T* to) {
    for (long k = 0; k < n; k += kLanes<T>) store(to + k, load(from + k));
}
template <class T>
SUNDOG_INLINE void add(const T* from, long n, T* to) {
    for (long k = 0; k < n; k += kLanes<T>) store(to + k, load(to + k) + load(from + k));
}
// Prefetches n numbers.
template <class T>
SUNDOG_INLINE void fetch(const T* from, long n) {
    for (long k = 0; k < n; k += long(64 / sizeof(T))) __builtin_prefetch(from + k);
}
template <class T>
SUNDOG_INLINE void clear(T* to, long n) {
    for (long k = 0; k < n; k += kLanes<T>) store(to + k, Vec<T>{});
}

// out += Σ_k x_k rows_k, in four independent sums.
template <class T>
SUNDOG_INLINE void add_rows(const T* x, int count, const T* rows, int width, T* out) {
    constexpr int lanes = kLanes<T>;
    for (int v = 0; v < width; v += lanes) {
        Vec<T> a = load(out + v), b{}, c{}, d{};
        int k = 0;
        for (; k + 4 <= count; k += 4) {
            const T* row = rows + long(k) * width + v;
            a += x[k] * load(row);
            b += x[k + 1] * load(row + width);
            c += x[k + 2] * load(row + 2 * width);
            d += x[k + 3] * load(row + 3 * width);
        }
        for (; k < count; ++k) a += x[k] * load(rows + long(k) * width + v);
        store(out + v, (a + b) + (c + d));
    }
}

// Σ_l x_l rows_l: copies the value of each degree to its components.
template <class T>
SUNDOG_INLINE Vec<T> expand(const T* x, int degrees, const T* rows, int ev, int v) {
    Vec<T> sum{};
    for (int l = 0; l < degrees; ++l) sum += x[l] * load(rows + l * ev + v);
    return sum;
}

// x [h·width …] += heads [h·padded …], and the reverse copy.
template <class T>
SUNDOG_INLINE void add_heads(const T* heads, int count, int width, int padded, T* x) {
    if (width == padded) return add(heads, long(count) * width, x);
    for (int h = 0; h < count; ++h)
        for (int u = 0; u < width; ++u) x[h * width + u] += heads[h * padded + u];
}
template <class T>
SUNDOG_INLINE void to_heads(const T* x, int count, int width, int padded, T* heads) {
    if (width == padded) return copy(x, long(count) * width, heads);
    for (int h = 0; h < count; ++h)
        for (int u = 0; u < padded; ++u) heads[h * padded + u] = u < width ? x[h * width + u] : 0;
}

}  // namespace sundog::SUNDOG_ISA
