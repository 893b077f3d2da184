// Selection of the listed pairs that are within the cutoff, and their geometry; at the end forces
// and virials from the derivatives by that geometry.
#pragma once

#include "context.hpp"
#include "harmonics.hpp"

namespace sundog::SUNDOG_ISA {

template <class T, class S>
void wrap_positions(const Context<T, S>& c, int partition) {
    const Lists& l = c.lists;
    for (long a = l.bounds[partition]; a < l.bounds[partition + 1]; ++a)
        wrapped_position(l, c.positions, c.cell, a, c.work.position + 4 * a);
}

// Energy e(r) and de/dr of the repulsion of two nuclei; see sundog.terms.zbl.
SUNDOG_INLINE void repulsion(const Zbl& p, double cutoff, double zi, double zj, double r, double* e,
                             double* slope) {
    const double reach = p.d * (__builtin_pow(zi, p.p) + __builtin_pow(zj, p.p));
    double phi = 0, dphi = 0;
    for (int k = 0; k < p.exponentials; ++k) {
        const double term = p.c[k] * __builtin_exp(-p.a[k] * reach * r);
        phi += term;
        dphi -= p.a[k] * reach * term;
    }
    const double u = r / p.off, left = 1 / u, right = 1 / (1 - u);
    const double s = 1 / (1 + __builtin_exp(right - left));
    const double ds = -s * (1 - s) * (right * right + left * left) / p.off;
    const double x = r / cutoff;
    const double f = 1 + x * x * x * (-10 + x * (15 - 6 * x));
    const double df = x * x * (-30 + x * (60 - 30 * x)) / cutoff;
    const double bare = kCoulomb * zi * zj / r;
    *e = s * f * bare * phi;
    *slope = bare * (ds * f * phi + s * df * phi + s * f * dphi - s * f * phi / r);
}

// Writes the vectors of the pairs that are within the cutoff now; returns their number.
template <class T, class S>
long select_pairs(const Context<T, S>& c, int partition) {
    const Lists& l = c.lists;
    Workspace<T>& w = c.work;
    const double limit = c.shape.cutoff * c.shape.cutoff;
    const long first = c.first_pair(partition);
    long n = first;
    for (long i = l.bounds[partition]; i < l.bounds[partition + 1]; ++i) {
        const double* here = w.position + 4 * i;
        for (long e = l.row_start[i]; e < l.row_start[i + 1]; ++e) {
            const double* there = w.position + 4L * l.pair_atom[e];
            double x = there[0] - here[0], y = there[1] - here[1], z = there[2] - here[2];
            if (l.pair_shift[e] != kNoShift) {
                double shift[3];
                shift_vector(c.cell + 9L * l.system[i], l.pair_shift[e], shift);
                x += shift[0];
                y += shift[1];
                z += shift[2];
            }
            // The comparison is false for NaN, which thus stays in the list and shows in the
            // energy.
            if (x * x + y * y + z * z >= limit) continue;
            c.pair_i[n] = int32_t(i);
            c.pair_j[n] = l.pair_atom[e];
            c.pair_row[n] = l.pair_row[e];
            w.ux[n] = T(x);
            w.uy[n] = T(y);
            w.uz[n] = T(z);
            ++n;
        }
    }
    c.pair_count[partition] = int32_t(n - first);
    return n - first;
}

template <class T, class S>
void add_repulsion(const Context<T, S>& c, long pair) {
    Workspace<T>& w = c.work;
    if (!(w.r[pair] < T(c.zbl.off))) return;
    const int32_t i = c.pair_i[pair];
    const double zi = c.numbers[c.lists.order[i]], zj = c.numbers[c.lists.order[c.pair_j[pair]]];
    double e, slope;
    repulsion(c.zbl, c.shape.cutoff, zi, zj, double(w.r[pair]), &e, &slope);
    w.zbl[i] += T(0.5 * e);
    w.zbl[c.pair_row[pair]] += T(0.5 * e);
    w.totals[pair * c.shape.ev() + c.shape.components()] = T(slope);
}

template <class T, class S>
void form_geometry(const Context<T, S>& c, int partition) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    Workspace<T>& w = c.work;
    c.own_rows(partition, [&](long from, long to) {
        for (long row = from; row < to; ++row) w.zbl[row] = 0;
    });
    const long count = select_pairs(c, partition), first = c.first_pair(partition);
    const int row = s.ev();
    const T scale = T(1 / s.average_neighbors), inverse = T(1 / s.cutoff);
    for (long p = first; p < first + count; p += lanes) {
        const int filled = int(first + count - p < lanes ? first + count - p : lanes);
        Vec<T> x = load(w.ux + p), y = load(w.uy + p), z = load(w.uz + p);
        const Vec<T> r2 = x * x + y * y + z * z;
        T roots[lanes];
        store(roots, r2);
        for (int k = 0; k < lanes; ++k) roots[k] = k < filled ? __builtin_sqrt(roots[k]) : T(1);
        const Vec<T> r = load(roots), over = T(1) / r;
        x *= over;
        y *= over;
        z *= over;
        const Vec<T> u = r * inverse;
        const Vec<T> f = T(1) + u * u * u * (T(-10) + u * (T(15) - T(6) * u));
        const Vec<T> df = u * u * (T(-30) + u * (T(60) - T(30) * u)) * inverse;
        // Columns are written in whole vectors, but lane by lane at the end: lanes beyond the last
        // pair belong to the next partition.
        const Vec<T> columns[6] = {x, y, z, r, f * scale, df * scale};
        T* const targets[6] = {w.ux, w.uy, w.uz, w.r, w.weight, w.weight_slope};
        for (int q = 0; q < 6; ++q)
            for (int k = 0; k < filled; ++k) targets[q][p + k] = columns[q][k];
        T* rows = w.harmonics + p * row;
        for (int k = 0; k < filled; ++k)
            for (int m = s.components(); m < row; ++m) rows[k * row + m] = 0;
        harmonics<T>(s, c.norms, x, y, z, [&](int m, Vec<T> value) {
            for (int k = 0; k < filled; ++k) rows[k * row + m] = value[k];
        });
        for (long k = p * row; k < (p + filled) * row; ++k) w.totals[k] = 0;
        for (int k = 0; k < filled; ++k) add_repulsion(c, p + k);
    }
}

// dE/dr_ij = g û + (1 − ûûᵀ)(dY/dû)ᵀ g_Y / r, summed to dE/dR and to Σ r_ij ⊗ dE/dr_ij.
template <class T, class S>
void form_forces(const Context<T, S>& c, int partition) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    Workspace<T>& w = c.work;
    double* virials = w.virial + 6L * partition * c.lists.extent.systems;
    for (long k = 0; k < 6 * c.lists.extent.systems; ++k) virials[k] = 0;
    c.own_rows(partition, [&](long from, long to) {
        for (long k = 4 * from; k < 4 * to; ++k) w.force[k] = 0;
    });
    const long first = c.first_pair(partition), count = c.pair_count[partition];
    const int row = s.ev();
    for (long p = first; p < first + count; p += lanes) {
        const int filled = int(first + count - p < lanes ? first + count - p : lanes);
        const Vec<T> x = load(w.ux + p), y = load(w.uy + p), z = load(w.uz + p);
        const Vec<T> r = load(w.r + p);
        const T* totals = w.totals + p * row;
        auto column = [&](int m) {
            Vec<T> v{};
            for (int k = 0; k < filled; ++k) v[k] = totals[k * row + m];
            return v;
        };
        const Gradient<T> g = harmonics_gradient<T>(s, c.norms, x, y, z, column);
        const Vec<T> along = column(s.components()), over = T(1) / r;
        const Vec<T> radial = along - (g.x * x + g.y * y + g.z * z) * over;
        const Vec<T> force[3] = {radial * x + g.x * over, radial * y + g.y * over,
                                 radial * z + g.z * over};
        for (int k = 0; k < filled; ++k) {
            const double f[3] = {double(force[0][k]), double(force[1][k]), double(force[2][k])};
            const double d[3] = {double(x[k]) * r[k], double(y[k]) * r[k], double(z[k]) * r[k]};
            const long i = c.pair_i[p + k], j = c.pair_row[p + k];
            for (int q = 0; q < 3; ++q) {
                w.force[4 * i + q] -= f[q];
                w.force[4 * j + q] += f[q];
            }
            add_virial<double>(d, f, virials + 6L * c.lists.system[i]);
        }
    }
}

}  // namespace sundog::SUNDOG_ISA
