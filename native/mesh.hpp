// Transfer of charges to a mesh and of potentials back, with B-splines. Equations:
// sundog.longrange.
//
// The points around an atom along z are contiguous and processed as one row of kMeshWidth, with
// weights of zero after those of the spline. Rows are longer than the mesh by that width, and the
// part beyond the mesh is added to its beginning once, at the end.
#pragma once

#include "mesh_call.hpp"
#include "simd.hpp"

namespace sundog::SUNDOG_ISA {

// Points of a row as one vector, which the compiler splits to the length that the processor has.
template <class T>
struct Row {
    typedef T Vector __attribute__((vector_size(kMeshWidth * sizeof(T))));
    typedef T Loose __attribute__((vector_size(kMeshWidth * sizeof(T)), aligned(sizeof(T))));
    SUNDOG_INLINE static Vector load(const T* p) { return *reinterpret_cast<const Loose*>(p); }
    SUNDOG_INLINE static void add(T* p, Vector v) { *reinterpret_cast<Loose*>(p) += v; }
};

// M_p(x + p − 1 − k) and its slope by x, for k = 0 … p − 1: in the order of the points.
template <class T>
struct Spline {
    T value[kMeshWidth] = {}, slope[kMeshWidth] = {};

    SUNDOG_INLINE Spline(T x, int order) {
        // w[j] = M_n(x + j), from n = 2 upwards
        T w[kMeshWidth + 1] = {x, T(1) - x};
        for (int n = 3; n < order; ++n) raise(w, x, n);
        for (int j = 0; j < order; ++j)
            slope[order - 1 - j] = (j < order - 1 ? w[j] : T(0)) - (j > 0 ? w[j - 1] : T(0));
        raise(w, x, order);
        for (int j = 0; j < order; ++j) value[order - 1 - j] = w[j];
    }
    SUNDOG_INLINE static void raise(T* w, T x, int n) {
        const T over = T(1) / T(n - 1);
        w[n - 1] = 0;
        for (int j = n - 1; j > 0; --j)
            w[j] = ((x + T(j)) * w[j] + (T(n - j) - x) * w[j - 1]) * over;
        w[0] = x * w[0] * over;
    }
};

// Splines of an atom, and the first point of each along its axis, within the mesh.
template <class T>
struct Stencil {
    Spline<T> x, y, z;
    int first[3];

    SUNDOG_INLINE Stencil(const MeshCall& c, const double* u, const double* floor)
        : x(T(u[0] - floor[0]), c.order),
          y(T(u[1] - floor[1]), c.order),
          z(T(u[2] - floor[2]), c.order) {
        for (int k = 0; k < 3; ++k) {
            const long m = c.shape[k], point = long(floor[k]) - (c.order - 1);
            first[k] = int((point % m + m) % m);
        }
    }
};

// Calls f with the start of each row of the mesh around an atom, and its place in the splines.
template <class F>
SUNDOG_INLINE void each_row(const MeshCall& c, const int* first, const F& f) {
    long a = first[0];
    for (int j = 0; j < c.order; ++j, a = a + 1 == c.shape[0] ? 0 : a + 1) {
        long b = first[1];
        for (int k = 0; k < c.order; ++k, b = b + 1 == c.shape[1] ? 0 : b + 1)
            f((a * c.shape[1] + b) * c.row() + first[2], j, k);
    }
}

// Whether an atom has finite coordinates; others take no part.
SUNDOG_INLINE bool floors(const double* u, double* floor) {
    for (int k = 0; k < 3; ++k) {
        if (!(u[k] > -1e9 && u[k] < 1e9)) return false;
        floor[k] = __builtin_floor(u[k]);
    }
    return true;
}

template <class T>
void spread(const MeshCall& c, const Team& team, const T* charges, T* meshes, T* scratch) {
    const long padded = c.padded();
    const int parts = int(c.parts);
    team.each(parts, [&](int part) {
        T* mine = scratch + part * padded;
        for (long k = 0; k < padded; ++k) mine[k] = 0;
        for (long i = c.atoms * part / parts; i < c.atoms * (part + 1) / parts; ++i) {
            double floor[3];
            if (charges[i] == T(0) || !floors(c.u + 3 * i, floor)) continue;
            const Stencil<T> s(c, c.u + 3 * i, floor);
            const auto along_z = Row<T>::load(s.z.value);
            T* mesh = mine + c.system[i] * (padded / c.systems);
            each_row(c, s.first, [&](long start, int j, int k) SUNDOG_INLINED {
                Row<T>::add(mesh + start, charges[i] * s.x.value[j] * s.y.value[k] * along_z);
            });
        }
    });
    const long rows = c.systems * c.shape[0] * c.shape[1], m = c.shape[2];
    team.each(parts, [&](int part) {
        for (long r = rows * part / parts; r < rows * (part + 1) / parts; ++r) {
            T* out = meshes + r * m;
            for (long k = 0; k < m; ++k) out[k] = 0;
            for (int other = 0; other < parts; ++other) {
                const T* row = scratch + other * padded + r * c.row();
                for (long k = 0; k < m; ++k) out[k] += row[k];
                for (long k = 0; k < kMeshWidth; ++k) out[k % m] += row[m + k];
            }
        }
    });
}

template <class T>
void gather(const MeshCall& c, const Team& team, const T* meshes, T* potential, T* slopes,
            T* padded) {
    const long rows = c.systems * c.shape[0] * c.shape[1], m = c.shape[2];
    const int parts = int(c.parts);
    team.each(parts, [&](int part) {
        for (long r = rows * part / parts; r < rows * (part + 1) / parts; ++r)
            for (long k = 0; k < c.row(); ++k) padded[r * c.row() + k] = meshes[r * m + k % m];
    });
    team.each(parts, [&](int part) {
        for (long i = c.atoms * part / parts; i < c.atoms * (part + 1) / parts; ++i) {
            double floor[3];
            T sums[4] = {};
            if (floors(c.u + 3 * i, floor)) {
                const Stencil<T> s(c, c.u + 3 * i, floor);
                const T* mesh = padded + c.system[i] * (rows / c.systems) * c.row();
                typename Row<T>::Vector plane{}, by_x{}, by_y{};
                each_row(c, s.first, [&](long start, int j, int k) SUNDOG_INLINED {
                    const auto g = Row<T>::load(mesh + start);
                    plane += s.x.value[j] * s.y.value[k] * g;
                    by_x += s.x.slope[j] * s.y.value[k] * g;
                    by_y += s.x.value[j] * s.y.slope[k] * g;
                });
                for (int l = 0; l < kMeshWidth; ++l) {
                    sums[0] += plane[l] * s.z.value[l];
                    sums[1] += by_x[l] * s.z.value[l];
                    sums[2] += by_y[l] * s.z.value[l];
                    sums[3] += plane[l] * s.z.slope[l];
                }
            }
            potential[i] = sums[0];
            for (int k = 0; k < 3; ++k) slopes[3 * i + k] = sums[1 + k];
        }
    });
}

}  // namespace sundog::SUNDOG_ISA
