// Shape of a model and of its parameters in memory, with the padding of both.
#pragma once

#include <cstdint>

// Always inlined: a function that the linker could share between instruction sets must not exist.
#define SUNDOG_INLINE inline __attribute__((always_inline))
#define SUNDOG_INLINED __attribute__((always_inline))  // of a lambda

namespace sundog {

// Rows are padded to whole vectors of the widest instruction set.
inline constexpr int kUnit = 16;
inline constexpr int kMostDegrees = 8;
inline constexpr int kHighestDegree = 10;
inline constexpr int kMostKinds = 32;
inline constexpr int kMostLayers = 16;
inline constexpr int kMostAngular = 128;
inline constexpr int kMostSpecies = 8;
inline constexpr int kMostNumbers = 128;
// Number of atoms below which tables by pair of species cost more than they save.
inline constexpr long kAtomsWorthTables = 256;

SUNDOG_INLINE constexpr long round_up(long n, long unit = kUnit) {
    return (n + unit - 1) / unit * unit;
}

// Numbers of any model, known at run time.
struct AnyNumbers {
    int features, heads, degrees, layers, angular, hirshfeld, exponentials, elements, knots;
    int degree[kMostDegrees];
    double cutoff, average_neighbors, knots_per_angstrom;
};

// Numbers of the published model; the compiler knows those that matter for speed.
struct PublishedNumbers {
    static constexpr int features = 128, heads = 4, degrees = 4, angular = 32, hirshfeld = 64;
    static constexpr int degree[] = {1, 2, 3, 4};
    int layers, exponentials, elements, knots;
    double cutoff, average_neighbors, knots_per_angstrom;
};

template <class Numbers>
struct ShapeOf : Numbers {
    SUNDOG_INLINE constexpr int components() const {
        int n = 0;
        for (int l = 0; l < this->degrees; ++l) n += 2 * this->degree[l] + 1;
        return n;
    }
    SUNDOG_INLINE constexpr int highest() const {
        int most = 0;
        for (int l = 0; l < this->degrees; ++l)
            most = this->degree[l] > most ? this->degree[l] : most;
        return most;
    }
    // Heads of both kinds of attention: of the features, then one per degree.
    SUNDOG_INLINE constexpr int kinds() const { return this->heads + this->degrees; }
    SUNDOG_INLINE constexpr int head_width() const { return this->features / this->heads; }
    SUNDOG_INLINE constexpr int degree_width() const { return this->features / this->degrees; }

    // Padded rows.
    SUNDOG_INLINE constexpr int x() const { return round_up(this->features); }
    SUNDOG_INLINE constexpr int head() const { return round_up(head_width()); }
    SUNDOG_INLINE constexpr int degree_head() const { return round_up(degree_width()); }
    SUNDOG_INLINE constexpr int v() const { return this->heads * head(); }
    SUNDOG_INLINE constexpr int channels() const { return v() + this->degrees * degree_head(); }
    SUNDOG_INLINE constexpr int kqv() const { return 2 * channels() + v(); }
    // One spare place after the components.
    SUNDOG_INLINE constexpr int ev() const { return round_up(components() + 1); }
    SUNDOG_INLINE constexpr int per_degree() const { return round_up(this->degrees); }
    SUNDOG_INLINE constexpr int hidden() const { return round_up(this->angular); }
    SUNDOG_INLINE constexpr int dots() const { return round_up(2 * kinds()); }
    SUNDOG_INLINE constexpr int hirshfeld_row() const { return round_up(this->hirshfeld); }
    SUNDOG_INLINE constexpr long knot() const { return 3L * channels(); }
    // Inputs of the exchange; also room for the ratios' hidden layer.
    SUNDOG_INLINE constexpr int mixed_row() const {
        const int both = round_up(this->features + this->degrees) + kUnit,
                  hidden_row = hirshfeld_row();
        return both > hidden_row ? both : hidden_row;
    }
};

using Shape = ShapeOf<AnyNumbers>;
using PublishedShape = ShapeOf<PublishedNumbers>;

SUNDOG_INLINE bool is_published(const Shape& s) {
    bool same = s.features == PublishedNumbers::features && s.heads == PublishedNumbers::heads &&
                s.degrees == PublishedNumbers::degrees && s.angular == PublishedNumbers::angular &&
                s.hirshfeld == PublishedNumbers::hirshfeld;
    for (int l = 0; same && l < s.degrees; ++l) same = s.degree[l] == PublishedNumbers::degree[l];
    return same;
}

// Parameters of the learned repulsion of nuclei, after softplus; see sundog.terms.zbl.
inline constexpr int kMostExponentials = 8;
struct Zbl {
    int exponentials;
    double a[kMostExponentials], c[kMostExponentials], p, d, off;
};

// Parameters of electrostatics and dispersion; see sundog.terms.
inline constexpr int kMostCoefficients = 64;
struct LongRange {
    double cutoff;  // Å, may be infinite
    double coulomb_range, potential_shift, potential_slope, coulomb_on;
    double damping, dispersion_on;
    bool shifted;  // whether the potential is shifted and switched at the cutoff
    int coefficients;
    // Coefficients of V and of dV/d(r²) by powers of 2 r²/range² − 1; in float64 those of Chebyshev
    // polynomials.
    double potential[kMostCoefficients], slope[kMostCoefficients];
};

inline constexpr double kCoulomb = 14.399645351950548;  // eV Å / e²

}  // namespace sundog
