// The shape of a model, of its parameters in memory, and the padding both share.
#pragma once

#include <cstdint>

// Always inlined: a function that the linker could share between instruction sets must not exist.
#define SUNDOG_INLINE inline __attribute__((always_inline))

namespace sundog {

// Rows are padded to whole vectors of the widest instruction set.
inline constexpr int kUnit = 16;
inline constexpr int kMostDegrees = 8;
inline constexpr int kHighestDegree = 10;
inline constexpr int kMostKinds = 32;
inline constexpr int kMostLayers = 16;
inline constexpr int kMostAngular = 128;

SUNDOG_INLINE constexpr long round_up(long n, long unit = kUnit) { return (n + unit - 1) / unit * unit; }

struct Shape {
    int features, heads, degrees, layers, angular, hirshfeld, exponentials, elements, knots;
    int degree[kMostDegrees];
    double cutoff, average_neighbors, knots_per_angstrom, zbl_off;

    SUNDOG_INLINE int components() const {
        int n = 0;
        for (int l = 0; l < degrees; ++l) n += 2 * degree[l] + 1;
        return n;
    }
    SUNDOG_INLINE int highest() const {
        int most = 0;
        for (int l = 0; l < degrees; ++l) most = degree[l] > most ? degree[l] : most;
        return most;
    }
    // Heads of both kinds of attention: of the features, then one per degree.
    SUNDOG_INLINE int kinds() const { return heads + degrees; }
    SUNDOG_INLINE int head_width() const { return features / heads; }
    SUNDOG_INLINE int degree_width() const { return features / degrees; }

    // Padded rows.
    SUNDOG_INLINE int x() const { return round_up(features); }
    SUNDOG_INLINE int head() const { return round_up(head_width()); }
    SUNDOG_INLINE int degree_head() const { return round_up(degree_width()); }
    SUNDOG_INLINE int v() const { return heads * head(); }
    SUNDOG_INLINE int channels() const { return v() + degrees * degree_head(); }
    SUNDOG_INLINE int kqv() const { return 2 * channels() + v(); }
    // One spare place behind the components.
    SUNDOG_INLINE int ev() const { return round_up(components() + 1); }
    SUNDOG_INLINE int per_degree() const { return round_up(degrees); }
    SUNDOG_INLINE int hidden() const { return round_up(angular); }
    SUNDOG_INLINE int dots() const { return round_up(2 * kinds()); }
    SUNDOG_INLINE int hirshfeld_row() const { return round_up(hirshfeld); }
    SUNDOG_INLINE long knot() const { return 3L * channels(); }
    // Inputs of the exchange; also room for the ratios' hidden layer.
    SUNDOG_INLINE int mixed_row() const {
        const int both = round_up(features + degrees) + kUnit, hidden_row = hirshfeld_row();
        return both > hidden_row ? both : hidden_row;
    }
};

// Learned repulsion of nuclei; see sundog.terms.zbl. Plain numbers, after softplus.
inline constexpr int kMostExponentials = 8;
struct Zbl {
    int exponentials;
    double a[kMostExponentials], c[kMostExponentials], p, d, off;
};

// Electrostatics and dispersion; see sundog.terms.
inline constexpr int kMostCoefficients = 64;
struct LongRange {
    double cutoff;  // Å, may be infinite
    double coulomb_range, potential_shift, potential_slope, coulomb_on;
    double damping, dispersion_on;
    bool shifted;  // whether the potential is shifted and switched at the cutoff
    int coefficients;
    // Of V and of dV/d(r²) in powers of 2 r²/range² − 1, in float64 in Chebyshev polynomials.
    double potential[kMostCoefficients], slope[kMostCoefficients];
};

inline constexpr double kCoulomb = 14.399645351950548;  // eV Å / e²

}  // namespace sundog
