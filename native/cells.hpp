// Cells and boxes, for the construction of lists.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace sundog {

struct Box {
    double low[3], high[3];
};

struct Cell {
    double lattice[9], inverse[9], heights[3];
    bool periodic[3];
    bool sound;  // finite, with a volume that is not zero
};

inline Cell make_cell(const double* lattice, const uint8_t* pbc) {
    Cell c;
    std::copy(lattice, lattice + 9, c.lattice);
    const double* m = lattice;
    double volume = 0;
    for (int k = 0; k < 3; ++k) {
        const double *a = m + 3 * ((k + 1) % 3), *b = m + 3 * ((k + 2) % 3);
        const double n[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                             a[0] * b[1] - a[1] * b[0]};
        if (k == 0) volume = m[0] * n[0] + m[1] * n[1] + m[2] * n[2];
        for (int q = 0; q < 3; ++q) c.inverse[3 * q + k] = n[q] / volume;
        c.heights[k] = std::abs(volume) / std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
        c.periodic[k] = pbc[k] != 0;
    }
    c.sound = std::abs(volume) > 0 && c.heights[0] > 0 && c.heights[1] > 0 && c.heights[2] > 0 &&
              std::isfinite(volume);
    return c;
}

inline void fractional(const Cell& c, const double* r, double* f) {
    for (int k = 0; k < 3; ++k)
        f[k] = r[0] * c.inverse[k] + r[1] * c.inverse[3 + k] + r[2] * c.inverse[6 + k];
}

inline Box empty_box() {
    constexpr double inf = std::numeric_limits<double>::infinity();
    return {{inf, inf, inf}, {-inf, -inf, -inf}};
}
inline void extend(Box& b, const double* r) {
    for (int q = 0; q < 3; ++q) {
        b.low[q] = std::min(b.low[q], r[q]);
        b.high[q] = std::max(b.high[q], r[q]);
    }
}
// Square of the distance between two boxes, one of them moved.
inline double gap(const Box& a, const Box& b, const double* shift) {
    double square = 0;
    for (int q = 0; q < 3; ++q) {
        const double d = std::max(
            {0.0, b.low[q] + shift[q] - a.high[q], a.low[q] - b.high[q] - shift[q]});
        square += d * d;
    }
    return square;
}

}  // namespace sundog
