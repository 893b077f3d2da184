// Products with small matrices whose columns are stored in panels.
//
// A matrix [K, N] (N a multiple of 16) is stored as panels of 32 columns, the last of which
// may have 16: panel by panel, row by row. A panel is read once for a few rows of the left
// factor, whose sums stay in registers.
#pragma once

#include "simd.hpp"

namespace sundog::SUNDOG_ISA {

inline constexpr int kPanel = 32;
inline constexpr int kRows = SUNDOG_VECTOR_BYTES >= 64 ? 8 : 4;

template <class T>
struct Matrix {
    const T* panels;
    int inputs, outputs;
};

// c [rows, columns V] (+)= a [rows, inputs] · b, for one strip of a panel.
template <class T, int rows, int vectors>
SUNDOG_INLINE void tile(const T* a, long lda, int inputs, const T* b, long ldb, T* c, long ldc,
                        bool accumulate) {
    constexpr int lanes = kLanes<T>;
    Vec<T> sums[rows][vectors];
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v)
            sums[r][v] = accumulate ? load(c + r * ldc + v * lanes) : Vec<T>{};
    for (int k = 0; k < inputs; ++k) {
        Vec<T> row[vectors];
        for (int v = 0; v < vectors; ++v) row[v] = load(b + k * ldb + v * lanes);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
            const Vec<T> x = splat(a[r * lda + k]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) sums[r][v] += x * row[v];
        }
    }
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v) store(c + r * ldc + v * lanes, sums[r][v]);
}

template <class T, int vectors>
void strip(const T* a, long lda, int rows, int inputs, const T* b, long ldb, T* c, long ldc,
           bool accumulate) {
    int r = 0;
    for (; r + kRows <= rows; r += kRows)
        tile<T, kRows, vectors>(a + r * lda, lda, inputs, b, ldb, c + r * ldc, ldc, accumulate);
    for (; r + 2 <= rows; r += 2)
        tile<T, 2, vectors>(a + r * lda, lda, inputs, b, ldb, c + r * ldc, ldc, accumulate);
    for (; r < rows; ++r)
        tile<T, 1, vectors>(a + r * lda, lda, inputs, b, ldb, c + r * ldc, ldc, accumulate);
}

// c [rows, outputs] = a [rows, inputs] · b, or += when `accumulate`.
template <class T>
void multiply(const T* a, long lda, int rows, const Matrix<T>& b, T* c, long ldc, bool accumulate) {
    constexpr int lanes = kLanes<T>;
    constexpr int wide = 2 * lanes;
    for (int start = 0; start < b.outputs; start += kPanel) {
        const int width = b.outputs - start < kPanel ? b.outputs - start : kPanel;
        const T* panel = b.panels + long(start) * b.inputs;
        int column = 0;
        for (; column + wide <= width; column += wide)
            strip<T, 2>(a, lda, rows, b.inputs, panel + column, width, c + start + column, ldc,
                        accumulate);
        for (; column < width; column += lanes)
            strip<T, 1>(a, lda, rows, b.inputs, panel + column, width, c + start + column, ldc,
                        accumulate);
    }
}

}  // namespace sundog::SUNDOG_ISA
