// The filters w of a chunk of pairs: radial part from a table, angular part from the network.
//
//     w = radial(r) + W2 silu(z),  z = b + W1 s,  s_l = Σ_m d_lm²,  d = ev_j − ev_i
//
// with the factors (2l+1)^(−1/2) of the invariants inside W1.
#pragma once

#include "dense.hpp"

namespace sundog::SUNDOG_ISA {

// Of up to kChunk pairs, rows of each.
template <class T>
struct Chunk {
    long first;
    int count;
    T *difference, *hidden, *hidden_slope, *gate, *filter, *filter_slope, *dots, *products;
    T *invariants, *components;

    template <class S>
    Chunk(const S& s, T* scratch) {
        auto take = [&](long width) {
            T* here = scratch;
            scratch += kChunk * width;
            return here;
        };
        difference = take(s.ev());
        components = take(s.ev());
        invariants = take(s.per_degree());
        hidden = take(2 * s.hidden());
        hidden_slope = take(2 * s.hidden());
        gate = take(2 * s.hidden());
        filter = take(s.channels());
        filter_slope = take(s.channels());
        dots = take(s.dots());
        products = take(s.dots());
    }
};

// The quintic Hermite spline of sundog.kernels.tables at one distance, `width` functions of it.
template <bool with_slope, class T, class S>
SUNDOG_INLINE void look_up(const S& s, const T* table, int width, T r, T* value, T* slope) {
    constexpr int lanes = kLanes<T>;
    const T place = r * T(s.knots_per_angstrom);
    int k = place > 0 ? int(place) : 0;  // what is not a number goes to the first interval
    if (k > s.knots - 2) k = s.knots - 2;
    const T t = place - T(k), t2 = t * t, t3 = t2 * t;
    const T c0 = t3 * (T(10) + t * (T(-15) + T(6) * t));
    const T c1 = t + t3 * (T(-6) + t * (T(8) - T(3) * t));
    const T c2 = T(0.5) * t2 * (T(1) + t * (T(-3) + t * (T(3) - t)));
    const T c3 = T(0.5) * t3 * (T(1) + t * (T(-2) + t));
    const T c4 = t3 * (T(-4) + t * (T(7) - T(3) * t));
    const T d0 = T(30) * t2 * (T(1) + t * (T(-2) + t)) * T(s.knots_per_angstrom);
    const T d1 = (T(1) + t2 * (T(-18) + t * (T(32) - T(15) * t))) * T(s.knots_per_angstrom);
    const T d2 = T(0.5) * t * (T(2) + t * (T(-9) + t * (T(12) - T(5) * t))) *
                 T(s.knots_per_angstrom);
    const T d3 = T(0.5) * t2 * (T(3) + t * (T(-8) + T(5) * t)) * T(s.knots_per_angstrom);
    const T d4 = t2 * (T(-12) + t * (T(28) - T(15) * t)) * T(s.knots_per_angstrom);
    const T* here = table + 3L * k * width;
    const T* there = here + 3 * width;
    for (int v = 0; v < width; v += lanes) {
        const Vec<T> w0 = load(here + v), s0 = load(here + width + v),
                     b0 = load(here + 2 * width + v);
        const Vec<T> w1 = load(there + v), s1 = load(there + width + v),
                     b1 = load(there + 2 * width + v);
        const Vec<T> rise = w1 - w0;
        store(value + v, w0 + c0 * rise + c1 * s0 + c2 * b0 + c3 * b1 + c4 * s1);
        if constexpr (with_slope)
            store(slope + v, d0 * rise + d1 * s0 + d2 * b0 + d3 * b1 + d4 * s1);
    }
}

// Fills difference, hidden (and its slope) and filter (and its slope by the distance).
template <bool with_slope, class T, class S>
void form_filters(const Context<T, S>& c, int layer, Chunk<T>& chunk) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const int ev = s.ev(), both = 2 * s.hidden(), degrees = s.per_degree();
    for (int k = 0; k < chunk.count; ++k) {
        const long pair = chunk.first + k;
        const T* i = c.work.ev[layer] + long(c.pair_i[pair]) * ev;
        const T* j = c.work.ev[layer] + long(c.pair_j[pair]) * ev;
        T* difference = chunk.difference + k * ev;
        T squares[kUnit * 8];
        for (int v = 0; v < ev; v += lanes) {
            const Vec<T> d = load(j + v) - load(i + v);
            store(difference + v, d);
            store(squares + v, d * d);
        }
        T* invariants = chunk.invariants + k * degrees;
        for (int l = 0; l < degrees; ++l) invariants[l] = 0;
        add_rows(squares, s.components(), c.parameters.degree_of, degrees, invariants);
        T z[kUnit * 16];
        for (int u = 0; u < both; ++u) z[u] = p.angular_bias[u];
        add_rows(invariants, s.degrees, p.angular_in, both, z);
        for (int u = 0; u < both; u += lanes) {
            const Silu<T> h = silu<T>(load(z + u));
            store(chunk.hidden + k * both + u, h.value);
            if constexpr (with_slope) store(chunk.hidden_slope + k * both + u, h.slope);
        }
        look_up<with_slope>(s, c.parameters.table[layer], s.channels(), c.work.r[pair],
                            chunk.filter + k * s.channels(), chunk.filter_slope + k * s.channels());
    }
    multiply(chunk.hidden, both, chunk.count, p.angular_out[0], chunk.filter, s.channels(), true);
    multiply(chunk.hidden + s.hidden(), both, chunk.count, p.angular_out[1], chunk.filter + s.v(),
             s.channels(), true);
}

}  // namespace sundog::SUNDOG_ISA
