// Attention, backward. With gx, gev the cotangents of the updated features and components,
// c = f/n̄, and per head h (a degree counts as one)
//
//     g1 = gx_i·v_j or gev_i,l·Y_l,   g2 = gx_j·v_i or (−1)^l gev_j,l·Y_l
//     gq_i += c g1 w k_j,  gk_j += c g1 w q_i,  gk_i += c g2 w q_j,  gq_j += c g2 w k_i
//     gv_j += c a_ij gx_i, gv_i += c a_ji gx_j
//     gw = c (g1 q_i k_j + g2 q_j k_i)
//     g_r += Σ gw ∂w/∂r + c′ Σ_h (g1 a_ij + g2 a_ji)
//     g_Y += c a_ij^l gev_i,l + (−1)^l c a_ji^l gev_j,l
//     gs = W1ᵀ [silu′(z) · (W2ᵀ gw)],   gev_j += 2 gs_l d_l,   gev_i −= 2 gs_l d_l
//
// g_r and g_Y are totals of the pair, over both directions and all layers.
#pragma once

#include "attention.hpp"

namespace sundog::SUNDOG_ISA {

// Cotangents of an atom's inputs to a layer: rows of keys, queries, values, components.
template <class T>
struct Gradients {
    T *k, *q, *v, *ev;
    template <class S>
    SUNDOG_INLINE Gradients(const Context<T, S>& c, long row)
        : k(c.work.gradient + row * (c.shape.kqv() + c.shape.ev())),
          q(k + c.shape.channels()),
          v(q + c.shape.channels()),
          ev(v + c.shape.v()) {}
};

// Cotangents g1 and g2 of every head of both attentions.
template <class T, class S>
SUNDOG_INLINE void incoming(const Context<T, S>& c, int layer, long pair, T* out) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const int kinds = s.kinds();
    const long a = c.pair_i[pair], b = c.pair_j[pair];
    const T *vi = Kqv(c, layer, a).v, *vj = Kqv(c, layer, b).v;
    const T *gi = c.work.gx_heads + a * s.v(), *gj = c.work.gx_heads + b * s.v();
    Vec<T> rows[2 * kMostKinds + kUnit];
    for (int h = 0; h < s.heads; ++h) {
        Vec<T> there{}, back{};
        for (int u = h * s.head(); u < (h + 1) * s.head(); u += lanes) {
            there += load(gi + u) * load(vj + u);
            back += load(gj + u) * load(vi + u);
        }
        rows[h] = there;
        rows[kinds + h] = back;
    }
    const T *ei = c.work.gev + a * s.ev(), *ej = c.work.gev + b * s.ev();
    const T* y = c.work.harmonics + pair * s.ev();
    for (int l = 0; l < s.degrees; ++l) rows[s.heads + l] = rows[kinds + s.heads + l] = Vec<T>{};
    for (int v = 0; v < s.ev(); v += lanes) {
        const Vec<T> there = load(ei + v) * load(y + v), back = load(ej + v) * load(y + v);
        for (int l = 0; l < s.degrees; ++l) {
            rows[s.heads + l] += there * load(c.parameters.of_degree + l * s.ev() + v);
            rows[kinds + s.heads + l] += back *
                                         load(c.parameters.of_degree_signed + l * s.ev() + v);
        }
    }
    for (int h = 2 * kinds; h < s.dots(); ++h) rows[h] = Vec<T>{};
    sums_of<T>(rows, s.dots(), out);
}

// Adds to g_Y of a pair and to gv of its atoms.
template <bool with_values, class T, class S>
SUNDOG_INLINE void pass_on(const Context<T, S>& c, int layer, long pair) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const int kinds = s.kinds();
    const long a = c.pair_i[pair], b = c.pair_j[pair];
    T alpha[2 * kMostKinds + kUnit];
    const T weight = c.work.weight[pair];
    for (int h = 0; h < s.dots(); h += lanes)
        store(alpha + h, weight * load(c.work.dots[layer] + pair * s.dots() + h));
    const T *ei = c.work.gev + a * s.ev(), *ej = c.work.gev + b * s.ev();
    T* totals = c.work.totals + pair * s.ev();
    for (int v = 0; v < s.ev(); v += lanes) {
        const Vec<T> there = expand<T>(alpha + s.heads, s.degrees, c.parameters.of_degree, s.ev(),
                                       v);
        const Vec<T> back = expand<T>(alpha + kinds + s.heads, s.degrees,
                                      c.parameters.of_degree_signed, s.ev(), v);
        store(totals + v, load(totals + v) + there * load(ei + v) + back * load(ej + v));
    }
    if constexpr (with_values) {
        const T *gi = c.work.gx_heads + a * s.v(), *gj = c.work.gx_heads + b * s.v();
        T *to_i = Gradients(c, a).v, *to_j = Gradients(c, c.pair_row[pair]).v;
        for (int h = 0; h < s.heads; ++h)
            for (int u = h * s.head(); u < (h + 1) * s.head(); u += lanes) {
                store(to_j + u, load(to_j + u) + alpha[h] * load(gi + u));
                store(to_i + u, load(to_i + u) + alpha[kinds + h] * load(gj + u));
            }
    }
}

template <class T, class S>
void attend_first_backward(const Context<T, S>& c, int partition) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const long first = c.first_pair(partition), end = first + c.pair_count[partition];
    for (long pair = first; pair < end; ++pair) {
        T g[2 * kMostKinds + kUnit];
        incoming(c, 0, pair, g);
        const T* dots = c.work.dots[0] + pair * s.dots();
        const T* slopes = c.work.first_slopes + pair * s.dots();
        Vec<T> radial{};
        for (int h = 0; h < s.dots(); h += lanes)
            radial += load(g + h) * (c.work.weight_slope[pair] * load(dots + h) +
                                     c.work.weight[pair] * load(slopes + h));
        c.work.totals[pair * s.ev() + s.components()] += sum<T>(radial);
        pass_on<false>(c, 0, pair);
    }
}

// Keys, queries and the sums of their cotangents for some channels of atom i. They stay in
// registers over successive pairs of the same atom.
template <class T, int run>
struct Receiver {
    Vec<T> q[run], k[run], gq[run], gk[run];

    SUNDOG_INLINE void take(const T* key, const T* gradient, long channels) {
#pragma GCC unroll 2
        for (int o = 0; o < run; ++o) {
            k[o] = load(key + o * kLanes<T>);
            q[o] = load(key + channels + o * kLanes<T>);
            gk[o] = load(gradient + o * kLanes<T>);
            gq[o] = load(gradient + channels + o * kLanes<T>);
        }
    }
    SUNDOG_INLINE void leave(T* gradient, long channels) const {
#pragma GCC unroll 2
        for (int o = 0; o < run; ++o) {
            store(gradient + o * kLanes<T>, gk[o]);
            store(gradient + channels + o * kLanes<T>, gq[o]);
        }
    }
};

// Adds up gq, gk and gw of a tile of filters; `radial` collects gw ∂w/∂r by pair and lane.
template <class T, class S, int vectors>
SUNDOG_INLINE void accumulate(const S& s, const Chunk<T>& chunk, Vec<T>* radial, int r, int u,
                              const Vec<T> (&w)[kRows][vectors], const Vec<T> (&slopes)[kRows][2]) {
    constexpr int lanes = kLanes<T>, run = kRun<S, vectors>;
    const long channels = s.channels();
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v += run, u += run * lanes) {
        bool first;
        const int h = kind_of(s, u, &first);
        Receiver<T, run> i;
        i.take(chunk.i[r] + u, chunk.to_i[r] + u, channels);
#pragma GCC unroll 8
        for (int p = 0; p < kRows; ++p) {
            if (p > 0 && chunk.to_i[r + p] != chunk.to_i[r + p - 1]) {
                i.leave(chunk.to_i[r + p - 1] + u, channels);
                i.take(chunk.i[r + p] + u, chunk.to_i[r + p] + u, channels);
            }
            const T *k = chunk.j[r + p] + u, *q = k + channels;
            T *gk = chunk.to_j[r + p] + u, *gq = gk + channels;
            const T g1 = chunk.products[(r + p) * s.dots() + h];
            const T g2 = chunk.products[(r + p) * s.dots() + s.kinds() + h];
            Vec<T> total = radial[r + p];
#pragma GCC unroll 2
            for (int o = 0; o < run; ++o) {
                const int at = o * lanes;
                const Vec<T> kj = load(k + at), qj = load(q + at);
                const Vec<T> f1 = g1 * w[p][v + o], f2 = g2 * w[p][v + o];
                i.gq[o] += f1 * kj;
                i.gk[o] += f2 * qj;
                store(gk + at, load(gk + at) + f1 * i.q[o]);
                store(gq + at, load(gq + at) + f2 * i.k[o]);
                const Vec<T> gw = g1 * (i.q[o] * kj) + g2 * (qj * i.k[o]);
                store(chunk.filter + (r + p) * channels + u + at, gw);
                total += gw * slopes[p][v + o];
            }
            radial[r + p] = total;
        }
        i.leave(chunk.to_i[r + kRows - 1] + u, channels);
    }
}

// Propagates gw through the hidden layer to the Euclidean components.
template <class T, class S>
SUNDOG_INLINE void through_hidden(const Context<T, S>& c, int layer, Chunk<T>& chunk) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const int both = 2 * s.hidden(), ev = s.ev();
    for (int a = 0; a < 2; ++a)
        multiply(chunk.filter + a * s.v(), s.channels(), chunk.padded, p.angular_out_t[a],
                 chunk.gate + a * s.hidden(), both, false);
    T* row = chunk.sums;
    for (int k = 0; k < chunk.padded; ++k) {
        Vec<T> sums[kMostDegrees] = {};
        for (int u = k * both; u < (k + 1) * both; u += lanes) {
            const Vec<T> g = load(chunk.gate + u) * load(chunk.hidden_slope + u);
            for (int l = 0; l < s.degrees; ++l)
                sums[l] += g * load(p.angular_in + l * both + u - k * both);
        }
        for (int l = 0; l < s.degrees; ++l, row += lanes) store(row, sums[l]);
    }
    sums_of_rows(chunk.sums, int(round_up(chunk.padded * s.degrees)), chunk.invariants);
    for (int k = 0; k < chunk.count; ++k) {
        const long pair = chunk.first + k;
        const T* invariants = chunk.invariants + k * s.degrees;
        T* i = Gradients(c, c.pair_i[pair]).ev;
        T* j = Gradients(c, c.pair_row[pair]).ev;
        for (int v = 0; v < ev; v += lanes) {
            const Vec<T> g = T(2) * load(chunk.difference + k * ev + v) *
                             expand<T>(invariants, s.degrees, c.parameters.of_degree, ev, v);
            store(i + v, load(i + v) - g);
            store(j + v, load(j + v) + g);
        }
    }
}

// Computes c g1 and c g2 for the pairs of a chunk, and adds to the cotangents of values, harmonics
// and c′.
template <class T, class S>
SUNDOG_INLINE void begin_chunk(const Context<T, S>& c, int layer, Chunk<T>& chunk, Vec<T>* radial) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    for (int k = 0; k < chunk.padded; ++k) {
        const long pair = chunk.pair(k);
        chunk.to_i[k] = Gradients(c, c.pair_i[pair]).k;
        chunk.to_j[k] = Gradients(c, c.pair_row[pair]).k;
        T* g = chunk.products + k * s.dots();
        if (k >= chunk.count) {
            clear(g, s.dots());
            continue;
        }
        const long soon = chunk.pair(k + 2), j = c.pair_j[soon];
        fetch(Kqv(c, layer, j).v, s.v());
        fetch(c.work.gx_heads + j * s.v(), s.v());
        fetch(Gradients(c, c.pair_row[soon]).v, s.v());
        incoming(c, layer, pair, g);
        pass_on<true>(c, layer, pair);
        const T* dots = c.work.dots[layer] + pair * s.dots();
        for (int h = 0; h < s.dots(); h += lanes) {
            const Vec<T> g_h = load(g + h);
            radial[k] += c.work.weight_slope[pair] * g_h * load(dots + h);
            store(g + h, c.work.weight[pair] * g_h);
        }
    }
}

template <class T, class S>
void attend_backward(const Context<T, S>& c, int layer, int partition) {
    const S& s = c.shape;
    const long width = s.kqv() + s.ev();
    c.own_rows(partition, [&](long from, long to) {
        for (long k = from * width; k < to * width; ++k) c.work.gradient[k] = 0;
    });
    each_chunk(c, partition, [&](Chunk<T>& chunk) SUNDOG_INLINED {
        Vec<T> radial[kChunk] = {};
        prepare_filters<true>(c, layer, chunk);
        begin_chunk(c, layer, chunk, radial);
        form_filters<true>(c, layer, chunk,
                           [&](int r, int u, const auto& w, const auto& slopes)
                               SUNDOG_INLINED { accumulate(s, chunk, radial, r, u, w, slopes); });
        T sums[kChunk];
        sums_of<T>(radial, kChunk, sums);
        for (int k = 0; k < chunk.count; ++k)
            c.work.totals[(chunk.first + k) * s.ev() + s.components()] += sums[k];
        through_hidden(c, layer, chunk);
    });
}

}  // namespace sundog::SUNDOG_ISA
