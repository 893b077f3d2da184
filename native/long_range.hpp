// Electrostatics and dispersion over pairs of clusters: energies, and their derivatives by
// positions, charges and polarisabilities in one pass. Equations: sundog.terms.
//
// V(r) = erf(r/σ)/r is a polynomial in r² up to the distance at which it is 1/r. The combination
// rule of C6 reduces to α_i α_j K with K = 2/(1/c_i + 1/c_j), where c = C6/α² is a constant of the
// element.
#pragma once

#include "context.hpp"
#include "team.hpp"

namespace sundog::SUNDOG_ISA {

inline constexpr double kBohr = 0.5291772105638411, kHartree = 27.211386024367243;
inline constexpr double kFineStructure = 0.0072973525693;

// Sums of an atom: dE/dR, potential, dispersion energy, and its derivative by the mean α.
inline constexpr int kSums = 6;

template <class T>
struct Site {
    const T *x, *y, *z, *q, *alpha, *over_c;
};

template <class T>
struct PairSums {
    Vec<T> radial;  // dE/dr / r
    Vec<T> potential, dispersion, by_alpha;
};

// s(r; on, off) and ds/dr where 0 < c < 1; see sundog.numerics.switch.
template <class T>
SUNDOG_INLINE void switch_off(Vec<T> r, T on, T off, Vec<T>* s, Vec<T>* slope) {
    const T over = T(1) / (off - on), least = T(1e-6);
    const Vec<T> c = (r - on) * over;
    const Mask<T> before = (c < least);
    const Mask<T> behind = (c > T(1) - least);
    const Vec<T> safe = before || behind ? splat(T(0.5)) : c;
    const Vec<T> left = reciprocal(safe), right = reciprocal(T(1) - safe);
    const Vec<T> growth = exponential(minimum<T>(right - left, splat(T(80))));
    const Vec<T> value = reciprocal(T(1) + growth);
    // Not value (1 − value), whose rounding would be multiplied by up to 1e12 below.
    const Vec<T> by_c = -(value * growth) * value * (right * right + left * left);
    const Vec<T> one = splat(T(1)), zero{};
    *s = before ? one : behind ? zero : value;
    *slope = before || behind ? zero : by_c * over;
}

// Σ_k c_k T_k(t) by Clenshaw's recurrence.
template <class T>
SUNDOG_INLINE Vec<T> chebyshev(const T* c, int count, Vec<T> t) {
    Vec<T> next{}, after{};
    for (int k = count - 1; k > 0; --k) {
        const Vec<T> here = c[k] + T(2) * t * next - after;
        after = next;
        next = here;
    }
    return c[0] + t * next - after;
}

template <class T>
SUNDOG_INLINE void coulomb(const LongRange& p, const T* coefficients, Vec<T> r2, Vec<T> r,
                           Vec<T> over_r, Vec<T>* potential, Vec<T>* radial) {
    const T range2 = T(p.coulomb_range * p.coulomb_range);
    const Vec<T> t = minimum<T>(r2, splat(range2)) * (T(2) / range2) - T(1);
    const T* slopes = coefficients + kMostCoefficients;
    Vec<T> v, d;
    if constexpr (sizeof(T) == 4) {
        v = splat(coefficients[p.coefficients - 1]);
        d = splat(slopes[p.coefficients - 1]);
#pragma GCC unroll 4
        for (int k = p.coefficients - 2; k >= 0; --k) {
            v = v * t + coefficients[k];
            d = d * t + slopes[k];
        }
    } else {
        v = chebyshev<T>(coefficients, p.coefficients, t);
        d = chebyshev<T>(slopes, p.coefficients, t);
    }
    d = d + d;
    if (p.cutoff > p.coulomb_range) {
        const Mask<T> far = r2 > range2;
        v = far ? over_r : v;
        d = far ? -over_r * over_r * over_r : d;
    }
    if (p.shifted) {
        Vec<T> s, ds;
        switch_off<T>(r, T(p.coulomb_on), T(p.cutoff), &s, &ds);
        const T slope = T(p.potential_slope);
        const Vec<T> left = r - T(p.cutoff);
        v = v - T(p.potential_shift) - (T(1) - s) * (slope * left);
        d = d - slope * ((T(1) - s) - ds * left) * over_r;
    }
    *potential = T(kCoulomb) * v;
    *radial = T(kCoulomb) * d;
}

template <class T>
SUNDOG_INLINE void disperse(const LongRange& p, Vec<T> r2, Vec<T> r, Vec<T> over_r, Vec<T> alpha_i,
                            Vec<T> alpha_j, Vec<T> over_c, PairSums<T>* out) {
    const Vec<T> mean = T(0.5) * (alpha_i + alpha_j);
    const Vec<T> root = exponential(logarithm<T>(mean) * T(1.0 / 7));
    const Vec<T> c6 = alpha_i * alpha_j * (T(2 * kHartree) * reciprocal(over_c));
    const T radius = T(__builtin_pow(kFineStructure, -4.0 / 21));
    const Vec<T> big = radius * root;
    const Vec<T> w = T(-0.00433008) +
                     big * (T(0.24428889) + big * (T(0.04125273) - T(0.00078893) * big));
    const Vec<T> dw = T(0.24428889) + big * (T(2 * 0.04125273) - T(3 * 0.00078893) * big);
    const Vec<T> w2 = w * w, c8 = T(10) * c6 * w2, c10 = T(122.5) * c6 * w2 * w2;
    const Vec<T> x = r2 * T(1 / (kBohr * kBohr)), x2 = x * x, x3 = x2 * x;
    const T reach = T(p.damping * 2 * 2.54);
    const Vec<T> d = (reach * root) * (reach * root), d3 = d * d * d, d4 = d3 * d, d5 = d4 * d;
    const Vec<T> i6 = reciprocal(x3 + d3), i8 = reciprocal(x3 * x + d4);
    const Vec<T> i10 = reciprocal(x3 * x2 + d5);
    const Vec<T> e6 = c6 * i6, e8 = c8 * i8, e10 = c10 * i10;
    Vec<T> energy = -(e6 + e8 + e10);
    const Vec<T> f6 = e6 * i6, f8 = e8 * i8, f10 = e10 * i10;
    // dE/dx, then dE/dr / r = 2 dE/dx dx/d(r²)
    Vec<T> radial = (T(3) * f6 * x2 + T(4) * f8 * x3 + T(5) * f10 * x3 * x) *
                    T(2 / (kBohr * kBohr));
    // u dE/du of the seventh root u of the mean polarisability
    const Vec<T> by_root = T(6) * f6 * d3 + T(8) * f8 * d4 + T(10) * f10 * d5 -
                           (T(2) * e8 + T(4) * e10) * dw * big * reciprocal(w);
    Vec<T> by_alpha = by_root * T(1.0 / 14) * reciprocal(mean);
    const Mask<T> late = r > T(p.dispersion_on);
    if (any<T>(late)) {
        Vec<T> s, ds;
        switch_off<T>(r, T(p.dispersion_on), T(p.cutoff), &s, &ds);
        radial = radial * s + energy * ds * over_r;
        energy *= s;
        by_alpha *= s;
    }
    out->dispersion = energy;
    out->by_alpha = by_alpha;
    out->radial += radial;
}

// All pairs of atom i of a cluster with the lanes of another; returns whether there were any.
template <class T>
SUNDOG_INLINE bool meet(const LongRange& p, const T* coefficients, const T* i, Vec<T> dx, Vec<T> dy,
                        Vec<T> dz, Vec<T> q, Vec<T> alpha, Vec<T> over_c, Mask<T> present,
                        PairSums<T>* out, Vec<T>* by_q_j) {
    const Vec<T> r2 = dx * dx + dy * dy + dz * dz;
    const Mask<T> near = present & (r2 < T(p.cutoff * p.cutoff));
    if (!any<T>(near)) return false;
    const Vec<T> square = near ? r2 : splat(T(1));
    const Vec<T> over_r = reciprocal_root(square), r = square * over_r;
    Vec<T> potential, radial;
    coulomb<T>(p, coefficients, square, r, over_r, &potential, &radial);
    out->radial = i[3] * q * radial;
    disperse<T>(p, square, r, over_r, splat(i[4]), alpha, i[5] + over_c, out);
    const Vec<T> zero{};
    out->radial = near ? out->radial : zero;
    out->dispersion = near ? out->dispersion : zero;
    out->by_alpha = near ? out->by_alpha : zero;
    potential = near ? potential : zero;
    // The charge of a lane that is not near may be that of another structure, and NaN.
    out->potential = near ? potential * q : zero;
    *by_q_j = potential * i[3];
    return true;
}

template <class T>
struct LongWork {
    double* position;  // wrapped
    T *q, *alpha, *over_c;
    T* sums;  // [partitions, kSums, atoms + kUnit]
    double* virial;
    long stride;

    LongWork(const Lists& l, double* base) : stride(round_up(l.extent.atoms + kUnit)) {
        position = base;
        virial = position + 4 * l.extent.atoms;
        T* at = reinterpret_cast<T*>(virial + round_up(6 * l.extent.systems * l.extent.long_parts));
        q = at;
        alpha = q + stride;
        over_c = alpha + stride;
        sums = over_c + stride;
    }
    static long doubles(const Extent& e) {
        return 4 * e.atoms + round_up(6 * e.systems * e.long_parts) +
               (3 + kSums * e.long_parts) * round_up(e.atoms + kUnit);
    }
};

template <class T>
struct ClusterPass {
    const LongRange& p;
    const Lists& l;
    const double* cell;
    LongWork<T>& w;
    T* coefficients;
    T* sums;  // sums of this partition

    // Positions of a translated cluster relative to a point.
    SUNDOG_INLINE void place(long cluster, const double* move, T (*at)[kCluster]) const {
        const long first = l.cluster_first[cluster];
        const long count = l.cluster_first[cluster + 1] - first;
        for (int k = 0; k < kCluster; ++k)
            for (int q = 0; q < 3; ++q)
                at[q][k] = k < count ? T(w.position[4 * (first + k) + q] + move[q]) : T(1e6);
    }

    void with(long c, long d, int32_t shift, const double* centre, const T (*mine)[kCluster],
              Vec<T> (*of_mine)[kCluster], Vec<T>* virial) const {
        constexpr int lanes = kLanes<T>;
        double move[3];
        shift_vector(cell + 9L * l.system[l.cluster_first[c]], shift, move);
        for (int q = 0; q < 3; ++q) move[q] -= centre[q];
        T theirs[3][kCluster];
        place(d, move, theirs);
        const long first = l.cluster_first[c], count = l.cluster_first[c + 1] - first;
        const long other = l.cluster_first[d], others = l.cluster_first[d + 1] - other;
        const bool same = c == d && shift == kNoShift;
        for (int part = 0; part < kCluster; part += lanes) {
            const Vec<T> x = load(theirs[0] + part), y = load(theirs[1] + part),
                         z = load(theirs[2] + part);
            const Vec<T> q = load(w.q + other + part), alpha = load(w.alpha + other + part),
                         over_c = load(w.over_c + other + part);
            Vec<T> lane;
            for (int k = 0; k < lanes; ++k) lane[k] = T(part + k);
            Vec<T> total[kSums] = {};
            for (int i = 0; i < count; ++i) {
                const T me[6] = {mine[0][i],     mine[1][i],         mine[2][i],
                                 w.q[first + i], w.alpha[first + i], w.over_c[first + i]};
                const Mask<T> present = (lane < T(others)) & (lane > splat(T(same ? i : -1)));
                const Vec<T> dx = x - me[0], dy = y - me[1], dz = z - me[2];
                PairSums<T> pair;
                Vec<T> by_q;
                if (!meet<T>(p, coefficients, me, dx, dy, dz, q, alpha, over_c, present, &pair,
                             &by_q))
                    continue;
                const Vec<T> fx = pair.radial * dx, fy = pair.radial * dy, fz = pair.radial * dz;
                total[0] += fx;
                total[1] += fy;
                total[2] += fz;
                total[3] += by_q;
                total[4] += pair.dispersion;
                total[5] += pair.by_alpha;
                of_mine[0][i] -= fx;
                of_mine[1][i] -= fy;
                of_mine[2][i] -= fz;
                of_mine[3][i] += pair.potential;
                of_mine[4][i] += pair.dispersion;
                of_mine[5][i] += pair.by_alpha;
            }
            // Lanes without an atom hold zeros and lie in the next cluster or the padding.
            for (int k = 0; k < kSums; ++k) {
                T* to = sums + k * w.stride + other + part;
                store(to, load(to) + total[k]);
            }
            const Vec<T> at[3] = {x, y, z};
            add_virial<T>(at, total, virial);
        }
    }

    void cluster(long c, double* virial) const {
        const long first = l.cluster_first[c], count = l.cluster_first[c + 1] - first;
        double centre[3] = {0, 0, 0}, back[3];
        for (long a = first; a < first + count; ++a)
            for (int q = 0; q < 3; ++q) centre[q] += w.position[4 * a + q] / double(count);
        for (int q = 0; q < 3; ++q) back[q] = -centre[q];
        T mine[3][kCluster];
        place(c, back, mine);
        Vec<T> of_mine[kSums][kCluster] = {}, products[6] = {};
        for (long e = l.long_start[c]; e < l.long_start[c + 1]; ++e)
            with(c, l.long_cluster[e], l.long_shift[e], centre, mine, of_mine, products);
        double f[3];
        double* v = virial + 6L * l.system[first];
        for (int k = 0; k < 6; ++k) v[k] += double(sum<T>(products[k]));
        for (int i = 0; i < count; ++i) {
            for (int k = 0; k < kSums; ++k) {
                const T total = sum<T>(of_mine[k][i]);
                sums[k * w.stride + first + i] += total;
                if (k < 3) f[k] = double(total);
            }
            const double r[3] = {double(mine[0][i]), double(mine[1][i]), double(mine[2][i])};
            add_virial<double>(r, f, v);
        }
    }
};

template <class T>
struct LongInput {
    const double *positions, *cell;
    const T *q, *alpha, *over_c;  // in the user's order
};
template <class T>
struct LongOutput {
    T *electrostatics, *dispersion, *by_q, *by_alpha;
    double *gradient, *virial;
};

template <class T>
void long_range(const LongRange& p, const Lists& l, const Team& team, const LongInput<T>& in,
                const LongOutput<T>& out, double* scratch) {
    LongWork<T> w(l, scratch);
    const int parts = int(l.extent.long_parts);
    T coefficients[2 * kMostCoefficients];
    for (int k = 0; k < p.coefficients; ++k) {
        coefficients[k] = T(p.potential[k]);
        coefficients[kMostCoefficients + k] = T(p.slope[k]);
    }
    auto range = [&](int part, long n) { return n * part / parts; };
    team.each(parts, [&](int part) {
        for (long a = range(part, l.extent.atoms); a < range(part + 1, l.extent.atoms); ++a) {
            wrapped_position(l, in.positions, in.cell, a, w.position + 4 * a);
            const long user = l.order[a];
            w.q[a] = in.q[user];
            w.alpha[a] = in.alpha[user] > T(1e-6) ? in.alpha[user] : T(1e-6);
            w.over_c[a] = in.over_c[user];
        }
        T* sums = w.sums + part * kSums * w.stride;
        for (long k = 0; k < kSums * w.stride; ++k) sums[k] = 0;
        for (long k = 0; k < 6 * l.extent.systems; ++k)
            w.virial[6 * part * l.extent.systems + k] = 0;
    });
    for (long a = l.extent.atoms; a < w.stride; ++a) w.q[a] = 0, w.alpha[a] = w.over_c[a] = 1;
    team.each(parts, [&](int part) {
        const ClusterPass<T> pass{p, l, in.cell, w, coefficients, w.sums + part * kSums * w.stride};
        const long total = l.long_start[l.extent.clusters];
        for (long c = 0; c < l.extent.clusters; ++c) {
            const long start = l.long_start[c];
            if (start < range(part, total) || start >= range(part + 1, total)) continue;
            if (l.long_start[c + 1] > start)
                pass.cluster(c, w.virial + 6 * part * l.extent.systems);
        }
    });
    team.each(parts, [&](int part) {
        for (long a = range(part, l.extent.atoms); a < range(part + 1, l.extent.atoms); ++a) {
            T sums[kSums] = {};
            for (int q = 0; q < parts; ++q)
                for (int k = 0; k < kSums; ++k) sums[k] += w.sums[(q * kSums + k) * w.stride + a];
            const long user = l.order[a];
            for (int k = 0; k < 3; ++k) out.gradient[3 * user + k] = double(sums[k]);
            out.electrostatics[user] = T(0.5) * w.q[a] * sums[3];
            out.dispersion[user] = T(0.5) * sums[4];
            out.by_q[user] = sums[3];
            out.by_alpha[user] = sums[4] / w.alpha[a] + sums[5];
        }
    });
    for (long k = 0; k < 6 * l.extent.systems; ++k) {
        out.virial[k] = 0;
        for (int part = 0; part < parts; ++part)
            out.virial[k] += w.virial[6 * part * l.extent.systems + k];
    }
}

}  // namespace sundog::SUNDOG_ISA
