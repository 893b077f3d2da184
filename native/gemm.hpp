// Products with small matrices whose columns are stored in panels.
//
// A matrix [K, N] (N a multiple of 16) is stored as panels of 32 columns, the last of which
// may have 16: panel by panel, row by row. A panel is read once for a few rows of the left
// factor, whose sums stay in registers.
#pragma once

#include <type_traits>

#include "simd.hpp"

namespace sundog::SUNDOG_ISA {

inline constexpr int kPanel = 32;
inline constexpr int kRows = SUNDOG_VECTOR_BYTES >= 64 ? 8 : 4;

template <class T>
struct Matrix {
    const T* panels;
    int inputs, outputs;
};

struct Nothing {
    SUNDOG_INLINE void operator()(int) const {}
};

// begin(r, u, sums) and end(r, u, sums) are called before and after the sum over the inputs, with
// the sums of rows r … and columns u … in registers.
// ahead(n) is called before every four inputs, n = 0, 1, …, to fetch what the next tile needs.

template <class T, int rows, int vectors, class Begin, class End, class Ahead = Nothing>
SUNDOG_INLINE void tile(const T* a, long lda, int inputs, const T* b, long ldb, int r, int u,
                        const Begin& begin, const End& end, const Ahead& ahead = {}) {
    constexpr int lanes = kLanes<T>;
    Vec<T> sums[rows][vectors];
    begin(r, u, sums);
    a += r * lda;
    const auto add = [&](int k) SUNDOG_INLINED {
        Vec<T> row[vectors];
        for (int v = 0; v < vectors; ++v) row[v] = load(b + k * ldb + v * lanes);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
            const Vec<T> x = splat(a[r * lda + k]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) sums[r][v] += x * row[v];
        }
    };
    int k = 0;
    for (; k + 4 <= inputs; k += 4) {
        ahead(k / 4);
        for (int more = 0; more < 4; ++more) add(k + more);
    }
    for (; k < inputs; ++k) add(k);
    end(r, u, sums);
}

// f(vectors, u, part of the panel, its width) for the strips of a matrix, one or two vectors wide.
template <class T, class F>
SUNDOG_INLINE void each_strip(const Matrix<T>& b, const F& f) {
    constexpr int lanes = kLanes<T>;
    constexpr int wide = 2 * lanes;
    for (int start = 0; start < b.outputs; start += kPanel) {
        const int width = b.outputs - start < kPanel ? b.outputs - start : kPanel;
        const T* panel = b.panels + long(start) * b.inputs;
        int column = 0;
        for (; column + wide <= width; column += wide)
            f(std::integral_constant<int, 2>{}, start + column, panel + column, width);
        for (; column < width; column += lanes)
            f(std::integral_constant<int, 1>{}, start + column, panel + column, width);
    }
}

// a · b for a number of rows that is a multiple of kRows, between `begin` and `end`;
// ahead(n, r, u) is called for the tile (r, u) that comes next.
template <class T, class Begin, class End, class Ahead>
SUNDOG_INLINE void multiply_between(const T* a, long lda, int rows, const Matrix<T>& b,
                                    const Begin& begin, const End& end, const Ahead& ahead) {
    each_strip(b, [&](auto vectors, int u, const T* panel, int width) SUNDOG_INLINED {
        for (int r = 0; r < rows; r += kRows) {
            const bool last = r + kRows >= rows;
            const int next_r = last ? 0 : r + kRows,
                      next_u = u + (last ? vectors() * kLanes<T> : 0);
            tile<T, kRows, vectors()>(a, lda, b.inputs, panel, width, r, u, begin, end,
                                      [&](int n) SUNDOG_INLINED { ahead(n, next_r, next_u); });
        }
    });
}

template <class T, int vectors, class Begin, class End>
void strip(const T* a, long lda, int rows, int inputs, const T* b, long ldb, int u,
           const Begin& begin, const End& end) {
    int r = 0;
    for (; r + kRows <= rows; r += kRows)
        tile<T, kRows, vectors>(a, lda, inputs, b, ldb, r, u, begin, end);
    for (; r + 2 <= rows; r += 2) tile<T, 2, vectors>(a, lda, inputs, b, ldb, r, u, begin, end);
    for (; r < rows; ++r) tile<T, 1, vectors>(a, lda, inputs, b, ldb, r, u, begin, end);
}

// c [rows, outputs] = a [rows, inputs] · b, or += when `accumulate`.
template <class T>
void multiply(const T* a, long lda, int rows, const Matrix<T>& b, T* c, long ldc, bool accumulate) {
    constexpr int lanes = kLanes<T>;
    const auto begin = [=](int r, int u, auto& sums) SUNDOG_INLINED {
        const T* from = c + r * ldc + u;
        for (auto& row : sums) {
            int v = 0;
            for (Vec<T>& sum : row) sum = accumulate ? load(from + lanes * v++) : Vec<T>{};
            from += ldc;
        }
    };
    const auto end = [=](int r, int u, const auto& sums) SUNDOG_INLINED {
        T* to = c + r * ldc + u;
        for (const auto& row : sums) {
            int v = 0;
            for (const Vec<T>& sum : row) store(to + lanes * v++, sum);
            to += ldc;
        }
    };
    each_strip(b, [&](auto vectors, int u, const T* panel, int width) SUNDOG_INLINED {
        strip<T, vectors()>(a, lda, rows, b.inputs, panel, width, u, begin, end);
    });
}

}  // namespace sundog::SUNDOG_ISA
