// Real spherical harmonics of W directions at once, and the gradient of a sum of them.
//
//     Y_l,±m = N_lm Π_lm(z) {A_m, B_m}(x, y),  A_m + i B_m = (x + iy)^m,  Π_lm = d^m P_l / dz^m
//
// as polynomials in x, y, z; sundog.numerics.harmonics is the reference.
#pragma once

#include "simd.hpp"

namespace sundog::SUNDOG_ISA {

inline constexpr int kOrders = kHighestDegree + 2;

// Norms N_lm, with the factor √2 of the orders m > 0.
struct HarmonicNorms {
    double of[kOrders][kOrders];
    HarmonicNorms() {
        for (int l = 0; l < kOrders; ++l)
            for (int m = 0; m <= l; ++m) {
                double ratio = 1;
                for (int k = l - m + 1; k <= l + m; ++k) ratio *= k;
                of[l][m] = __builtin_sqrt((2 * l + 1) / (4 * 3.14159265358979323846) / ratio *
                                          (m ? 2.0 : 1.0));
            }
    }
};

template <class T>
struct HarmonicParts {
    Vec<T> cosine[kOrders], sine[kOrders], legendre[kOrders][kOrders];

    SUNDOG_INLINE HarmonicParts(Vec<T> x, Vec<T> y, Vec<T> z, int highest) {
        cosine[0] = splat(T(1));
        sine[0] = Vec<T>{};
        for (int m = 0; m <= highest; ++m) {
            cosine[m + 1] = x * cosine[m] - y * sine[m];
            sine[m + 1] = y * cosine[m] + x * sine[m];
        }
        T double_factorial = 1;
        for (int m = 0; m <= highest + 1; ++m) {
            for (int l = 0; l < m; ++l) legendre[l][m] = Vec<T>{};
            legendre[m][m] = splat(double_factorial);
            double_factorial *= T(2 * m + 1);
            if (m < highest) legendre[m + 1][m] = T(2 * m + 1) * z * legendre[m][m];
            for (int l = m + 2; l <= highest; ++l)
                legendre[l][m] = (T(2 * l - 1) * z * legendre[l - 1][m] -
                                  T(l + m - 1) * legendre[l - 2][m]) *
                                 T(1.0 / (l - m));
        }
    }
};

// Calls f(component, Y) for every component.
template <class T, class S, class F>
SUNDOG_INLINE void harmonics(const S& s, const HarmonicNorms& norms, Vec<T> x, Vec<T> y, Vec<T> z,
                             const F& f) {
    const HarmonicParts<T> parts(x, y, z, s.highest());
    int component = 0;
    for (int d = 0; d < s.degrees; ++d) {
        const int l = s.degree[d];
        for (int m = -l; m <= l; ++m) {
            const int order = m < 0 ? -m : m;
            const Vec<T> azimuthal = m < 0 ? parts.sine[order] : parts.cosine[order];
            f(component++, T(norms.of[l][order]) * parts.legendre[l][order] * azimuthal);
        }
    }
}

template <class T>
struct Gradient {
    Vec<T> x, y, z;
};

// The gradient of Σ_c weight(c) Y_c in x, y and z, taken as independent.
template <class T, class S, class F>
SUNDOG_INLINE Gradient<T> harmonics_gradient(const S& s, const HarmonicNorms& norms, Vec<T> x,
                                             Vec<T> y, Vec<T> z, const F& weight) {
    const HarmonicParts<T> parts(x, y, z, s.highest());
    Gradient<T> g{};
    int component = 0;
    for (int d = 0; d < s.degrees; ++d) {
        const int l = s.degree[d];
        for (int m = -l; m <= l; ++m) {
            const int order = m < 0 ? -m : m;
            const Vec<T> w = T(norms.of[l][order]) * weight(component++);
            const Vec<T> azimuthal = m < 0 ? parts.sine[order] : parts.cosine[order];
            g.z += w * azimuthal * parts.legendre[l][order + 1];
            if (order == 0) continue;
            const Vec<T> along = T(order) * w * parts.legendre[l][order];
            const Vec<T> c = parts.cosine[order - 1], b = parts.sine[order - 1];
            g.x += along * (m < 0 ? b : c);
            g.y += along * (m < 0 ? c : -b);
        }
    }
    return g;
}

}  // namespace sundog::SUNDOG_ISA
