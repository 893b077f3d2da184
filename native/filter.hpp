// Filters w of a chunk of pairs: radial part from a table, angular part from the network.
//
//     w = radial(r) + W2 silu(z),  z = b + W1 s,  s_l = Σ_m d_lm²,  d = ev_j − ev_i
//
// with the factors (2l+1)^(−1/2) of the invariants inside W1.
#pragma once

#include "dense.hpp"

namespace sundog::SUNDOG_ISA {

// Interval of a pair's splines, and the weights of knots in their values and slopes: the quintic
// Hermite splines of sundog.kernels.tables.
template <class T>
struct Knots {
    const T* here;
    T c[5], d[5];
};

template <bool with_slope, class T, class S>
SUNDOG_INLINE void locate(const S& s, const T* table, int width, T r, Knots<T>* knots) {
    const T place = r * T(s.knots_per_angstrom);
    int k = place > 0 ? int(place) : 0;  // NaN goes to the first interval
    if (k > s.knots - 2) k = s.knots - 2;
    const T t = place - T(k), t2 = t * t, t3 = t2 * t;
    knots->here = table + 3L * k * width;
    T* c = knots->c;
    c[0] = t3 * (T(10) + t * (T(-15) + T(6) * t));
    c[1] = t + t3 * (T(-6) + t * (T(8) - T(3) * t));
    c[2] = T(0.5) * t2 * (T(1) + t * (T(-3) + t * (T(3) - t)));
    c[3] = T(0.5) * t3 * (T(1) + t * (T(-2) + t));
    c[4] = t3 * (T(-4) + t * (T(7) - T(3) * t));
    if constexpr (!with_slope) return;
    const T scale = T(s.knots_per_angstrom);
    T* d = knots->d;
    d[0] = T(30) * t2 * (T(1) + t * (T(-2) + t)) * scale;
    d[1] = (T(1) + t2 * (T(-18) + t * (T(32) - T(15) * t))) * scale;
    d[2] = T(0.5) * t * (T(2) + t * (T(-9) + t * (T(12) - T(5) * t))) * scale;
    d[3] = T(0.5) * t2 * (T(3) + t * (T(-8) + T(5) * t)) * scale;
    d[4] = t2 * (T(-12) + t * (T(28) - T(15) * t)) * scale;
}

// One vector of functions, from the v-th of `width` on.
template <bool with_slope, class T>
SUNDOG_INLINE void interpolate(const Knots<T>& knots, int width, int v, Vec<T>* value,
                               Vec<T>* slope) {
    const T *here = knots.here + v, *there = here + 3L * width;
    const Vec<T> w0 = load(here), s0 = load(here + width), b0 = load(here + 2 * width);
    const Vec<T> s1 = load(there + width), b1 = load(there + 2 * width);
    const Vec<T> rise = load(there) - w0;
    const T *c = knots.c, *d = knots.d;
    *value = w0 + c[0] * rise + c[1] * s0 + c[2] * b0 + c[3] * b1 + c[4] * s1;
    if constexpr (with_slope) *slope = d[0] * rise + d[1] * s0 + d[2] * b0 + d[3] * b1 + d[4] * s1;
}

// All functions, with their slopes.
template <class T, class S>
SUNDOG_INLINE void look_up(const S& s, const T* table, int width, T r, T* value, T* slope) {
    Knots<T> knots;
    locate<true>(s, table, width, r, &knots);
    for (int v = 0; v < width; v += kLanes<T>) {
        Vec<T> here, by_r;
        interpolate<true>(knots, width, v, &here, &by_r);
        store(value + v, here);
        store(slope + v, by_r);
    }
}

// Pointers to the rows of up to kChunk pairs.
template <class T>
struct Chunk {
    long first;
    int count, padded;  // pairs, and pairs padded to whole tiles by repeating the last
    T *difference, *hidden, *hidden_slope, *gate, *filter, *products, *invariants, *sums;
    const T *i[kChunk], *j[kChunk];  // keys of the atoms, followed by queries and values
    T *to_i[kChunk], *to_j[kChunk];  // rows of their cotangents, in the backward pass
    Knots<T> knots[kChunk];

    template <class S>
    Chunk(const S& s, T* scratch) {
        auto take = [&](long width) {
            T* here = scratch;
            scratch += kChunk * width;
            return here;
        };
        difference = take(s.ev());
        invariants = take(round_up(s.degrees));
        hidden = take(2 * s.hidden());
        hidden_slope = take(2 * s.hidden());
        gate = take(2 * s.hidden());
        filter = take(s.channels());
        products = take(s.dots());
        sums = take(kUnit * (s.dots() > s.per_degree() ? s.dots() : s.per_degree()));
    }
    long pair(int k) const { return first + (k < count ? k : count - 1); }
};

// Calls f(chunk) for the pairs of a partition.
template <class T, class S, class F>
SUNDOG_INLINE void each_chunk(const Context<T, S>& c, int partition, const F& f) {
    static_assert(kChunk % kRows == 0);
    Chunk<T> chunk(c.shape, c.scratch(partition));
    const long end = c.first_pair(partition) + c.pair_count[partition];
    for (chunk.first = c.first_pair(partition); chunk.first < end; chunk.first += kChunk) {
        chunk.count = int(end - chunk.first < kChunk ? end - chunk.first : kChunk);
        chunk.padded = int(round_up(chunk.count, kRows));
        f(chunk);
    }
}

// out[k] = the sum over the lanes of vector k in memory.
template <class T>
SUNDOG_INLINE void sums_of_rows(const T* rows, int count, T* out) {
    constexpr int lanes = kLanes<T>;
    for (int k = 0; k < count; k += lanes) {
        Vec<T> parts[lanes];
        for (int n = 0; n < lanes; ++n) parts[n] = load(rows + (k + n) * lanes);
        store(out + k, sum_of_each<T>(parts));
    }
}

// Computes d and its invariants s.
template <class T, class S>
SUNDOG_INLINE void form_invariants(const Context<T, S>& c, int layer, Chunk<T>& chunk) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    T* row = chunk.sums;
    for (int k = 0; k < chunk.padded; ++k) {
        const T* i = c.work.ev[layer] + long(c.pair_i[chunk.pair(k)]) * s.ev();
        const T* j = c.work.ev[layer] + long(c.pair_j[chunk.pair(k)]) * s.ev();
        Vec<T> sums[kMostDegrees] = {};
        for (int v = 0; v < s.ev(); v += lanes) {
            const Vec<T> d = load(j + v) - load(i + v);
            store(chunk.difference + k * s.ev() + v, d);
            for (int l = 0; l < s.degrees; ++l)
                sums[l] += d * d * load(c.parameters.of_degree + l * s.ev() + v);
        }
        for (int l = 0; l < s.degrees; ++l, row += lanes) store(row, sums[l]);
    }
    sums_of_rows(chunk.sums, int(round_up(chunk.padded * s.degrees)), chunk.invariants);
}

// Computes the inputs of the filters of a chunk: hidden layer (and its slope) and knots.
template <bool with_slope, class T, class S>
SUNDOG_INLINE void prepare_filters(const Context<T, S>& c, int layer, Chunk<T>& chunk) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const int both = 2 * s.hidden();
    form_invariants(c, layer, chunk);
    for (int k = 0; k < chunk.padded; ++k) {
        const long pair = chunk.pair(k);
        chunk.i[k] = c.work.kqv[layer] + c.pair_i[pair] * long(s.kqv());
        chunk.j[k] = c.work.kqv[layer] + c.pair_j[pair] * long(s.kqv());
        const T* invariants = chunk.invariants + k * s.degrees;
        for (int u = 0; u < both; u += lanes) {
            Vec<T> z = load(p.angular_bias + u);
            for (int l = 0; l < s.degrees; ++l)
                z += invariants[l] * load(p.angular_in + l * both + u);
            const Silu<T> h = silu<T>(z);
            store(chunk.hidden + k * both + u, h.value);
            if constexpr (with_slope) store(chunk.hidden_slope + k * both + u, h.slope);
        }
        locate<with_slope>(s, c.parameters.table[layer], s.channels(), c.work.r[pair],
                           chunk.knots + k);
    }
}

// The radial part of a tile, and its slopes.
template <bool with_slope, class T, class S, int vectors>
SUNDOG_INLINE void interpolate_tile(const S& s, const Chunk<T>& chunk, int r, int u,
                                    Vec<T> (&w)[kRows][vectors], Vec<T> (*slopes)[2]) {
#pragma GCC unroll 8
    for (int k = 0; k < kRows; ++k)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v)
            interpolate<with_slope>(chunk.knots[r + k], s.channels(), u + v * kLanes<T>, &w[k][v],
                                    with_slope ? &slopes[k][v] : nullptr);
}

// Prefetches the numbers with which a tile begins and ends for a pair, from the second-level cache,
// while the tile before is summed.
template <bool with_slope, class T, class S>
SUNDOG_INLINE void fetch_ahead(const S& s, const Chunk<T>& chunk, int k, int u) {
    constexpr int bytes = 2 * SUNDOG_VECTOR_BYTES, line = 64;
    for (int at = 0; at < bytes; at += line) {
        const T* knots = chunk.knots[k].here + u + at / int(sizeof(T));
        const T* j = chunk.j[k] + u + at / int(sizeof(T));
        const T* to_j = with_slope ? chunk.to_j[k] + u + at / int(sizeof(T)) : j;
#pragma GCC unroll 6
        for (int row = 0; row < 6; ++row) __builtin_prefetch(knots + row * s.channels());
        __builtin_prefetch(j);
        __builtin_prefetch(j + s.channels());
        if constexpr (with_slope) {
            __builtin_prefetch(to_j);
            __builtin_prefetch(to_j + s.channels());
        }
    }
}

// Calls end(r, u, w, slopes) for the tiles of the filters: w, in registers, belongs to kRows pairs
// from the r-th on and to one or two vectors of channels from u on.
template <bool with_slope, class T, class S, class End>
SUNDOG_INLINE void form_filters(const Context<T, S>& c, int layer, const Chunk<T>& chunk,
                                const End& end) {
    const S& s = c.shape;
    Vec<T> slopes[with_slope ? kRows : 1][2];
    for (int a = 0; a < 2; ++a) {
        const int from = a * s.v();
        multiply_between(
            chunk.hidden + a * s.hidden(), 2 * s.hidden(), chunk.padded,
            c.parameters.layer[layer].angular_out[a],
            [&](int r, int u, auto& w)
                SUNDOG_INLINED { interpolate_tile<with_slope>(s, chunk, r, from + u, w, slopes); },
            [&](int r, int u, auto& w) SUNDOG_INLINED { end(r, from + u, w, slopes); },
            [&](int n, int r, int u) SUNDOG_INLINED {
                if (n < kRows) fetch_ahead<with_slope>(s, chunk, r + n, from + u);
            });
    }
}

}  // namespace sundog::SUNDOG_ISA
