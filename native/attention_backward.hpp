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
// g_r and g_Y are totals of the pair, the same from both sides, summed over the layers.
#pragma once

#include <type_traits>

#include "attention.hpp"

namespace sundog::SUNDOG_ISA {

// Cotangents of what an atom gave to a layer: rows as keys, queries, values, components.
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

// g1 and g2 of every kind.
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

// g_Y of a pair, and gv of its atoms.
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

// gq, gk and gw of the pairs first … last − 1 of a chunk, which share atom i. The filters are
// overwritten by gw; `radial` collects gw ∂w/∂r.
template <class T, class S>
SUNDOG_INLINE void accumulate(const Context<T, S>& c, int layer, Chunk<T>& chunk, int from, int to,
                              Vec<T>* radial) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const int kinds = s.kinds();
    const long atom = c.pair_i[chunk.first + from];
    const Kqv i(c, layer, atom);
    const Gradients gi(c, atom);
    const T* keys[kChunk];
    T* key_gradients[kChunk];
    for (int p = from; p < to; ++p) {
        keys[p] = Kqv(c, layer, c.pair_j[chunk.first + p]).k;
        key_gradients[p] = Gradients(c, c.pair_row[chunk.first + p]).k;
    }
    each_kind(s, [&](int h, int start, int width) {
        constexpr int most = std::is_same_v<S, PublishedShape> ? 32 / lanes : 1;
        constexpr int step = most * lanes;
        for (int u = start; u < start + width; u += step) {
            Vec<T> qi[most], ki[most], gqi[most], gki[most];
            for (int v = 0; v < most; ++v) {
                qi[v] = load(i.q + u + v * lanes);
                ki[v] = load(i.k + u + v * lanes);
                gqi[v] = load(gi.q + u + v * lanes);
                gki[v] = load(gi.k + u + v * lanes);
            }
            for (int p = from; p < to; ++p) {
                const T *k = keys[p] + u, *q = k + s.channels();
                T *gk = key_gradients[p] + u, *gq = gk + s.channels();
                T* w = chunk.filter + p * s.channels() + u;
                const T* slope = chunk.filter_slope + p * s.channels() + u;
                const T g1 = chunk.products[p * s.dots() + h];
                const T g2 = chunk.products[p * s.dots() + kinds + h];
                Vec<T> total = radial[p];
#pragma GCC unroll 2
                for (int v = 0; v < most; ++v) {
                    const int o = v * lanes;
                    const Vec<T> f = load(w + o), kj = load(k + o), qj = load(q + o);
                    const Vec<T> f1 = g1 * f, f2 = g2 * f;
                    gqi[v] += f1 * kj;
                    gki[v] += f2 * qj;
                    store(gk + o, load(gk + o) + f1 * qi[v]);
                    store(gq + o, load(gq + o) + f2 * ki[v]);
                    const Vec<T> gw = g1 * (qi[v] * kj) + g2 * (qj * ki[v]);
                    store(w + o, gw);
                    total += gw * load(slope + o);
                }
                radial[p] = total;
            }
            for (int v = 0; v < most; ++v) {
                store(gi.q + u + v * lanes, gqi[v]);
                store(gi.k + u + v * lanes, gki[v]);
            }
        }
    });
}

// From gw to the components that the filters were formed from.
template <class T, class S>
SUNDOG_INLINE void through_hidden(const Context<T, S>& c, int layer, Chunk<T>& chunk) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const int both = 2 * s.hidden(), ev = s.ev();
    multiply(chunk.filter, s.channels(), chunk.count, p.angular_out_t[0], chunk.gate, both, false);
    multiply(chunk.filter + s.v(), s.channels(), chunk.count, p.angular_out_t[1],
             chunk.gate + s.hidden(), both, false);
    for (int k = 0; k < chunk.count; ++k) {
        T* gate = chunk.gate + k * both;
        for (int u = 0; u < both; u += lanes)
            store(gate + u, load(gate + u) * load(chunk.hidden_slope + k * both + u));
        T* invariants = chunk.invariants + k * s.per_degree();
        for (int l = 0; l < s.per_degree(); ++l) invariants[l] = 0;
        add_rows(gate, both, p.angular_in_t, s.per_degree(), invariants);
        const long pair = chunk.first + k;
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

template <class T, class S>
void attend_backward(const Context<T, S>& c, int layer, int partition) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    Chunk<T> chunk(s, c.scratch(partition));
    const long width = s.kqv() + s.ev();
    c.own_rows(partition, [&](long from, long to) {
        for (long k = from * width; k < to * width; ++k) c.work.gradient[k] = 0;
    });
    const long end = c.first_pair(partition) + c.pair_count[partition];
    for (chunk.first = c.first_pair(partition); chunk.first < end; chunk.first += kChunk) {
        chunk.count = int(end - chunk.first < kChunk ? end - chunk.first : kChunk);
        form_filters<true>(c, layer, chunk);
        Vec<T> radial[kChunk] = {};
        for (int k = 0; k < chunk.count; ++k) {
            const long pair = chunk.first + k;
            T* g = chunk.products + k * s.dots();
            incoming(c, layer, pair, g);
            pass_on<true>(c, layer, pair);
            const T* dots = c.work.dots[layer] + pair * s.dots();
            for (int h = 0; h < s.dots(); h += lanes) {
                const Vec<T> g_h = load(g + h);
                radial[k] += c.work.weight_slope[pair] * g_h * load(dots + h);
                store(g + h, c.work.weight[pair] * g_h);
            }
        }
        for (int from = 0, to; from < chunk.count; from = to) {
            for (to = from + 1;
                 to < chunk.count && c.pair_i[chunk.first + to] == c.pair_i[chunk.first + from];)
                ++to;
            accumulate(c, layer, chunk, from, to, radial);
        }
        T sums[kChunk];
        sums_of<T>(radial, kChunk, sums);
        for (int k = 0; k < chunk.count; ++k)
            c.work.totals[(chunk.first + k) * s.ev() + s.components()] += sums[k];
        through_hidden(c, layer, chunk);
    }
}

}  // namespace sundog::SUNDOG_ISA
