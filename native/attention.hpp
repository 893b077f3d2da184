// Attention, forward: α_ij^h = c Σ q_i w k_j for both directions of a pair at once, and
//
//     x_i += α_ij^h v_j^h,  ev_i += α_ij^l Y_l,   x_j += α_ji^h v_i^h,  ev_j += (−1)^l α_ji^l Y_l
#pragma once

#include <type_traits>

#include "filter.hpp"

namespace sundog::SUNDOG_ISA {

// Pointers to the rows of keys, queries and values of an atom.
template <class T>
struct Kqv {
    const T *k, *q, *v;
    template <class S>
    SUNDOG_INLINE Kqv(const Context<T, S>& c, int layer, long atom)
        : k(c.work.kqv[layer] + atom * c.shape.kqv()),
          q(k + c.shape.channels()),
          v(q + c.shape.channels()) {}
};

// Calls f(kind, first channel, width) for every head of both attentions.
template <class S, class F>
SUNDOG_INLINE void each_kind(const S& s, const F& f) {
#pragma GCC unroll 4
    for (int h = 0; h < s.heads; ++h) f(h, h * s.head(), s.head());
#pragma GCC unroll 4
    for (int l = 0; l < s.degrees; ++l)
        f(s.heads + l, s.v() + l * s.degree_head(), s.degree_head());
}

// Sums over the lanes of `count` vectors.
template <class T>
SUNDOG_INLINE void sums_of(Vec<T>* rows, int count, T* out) {
    constexpr int lanes = kLanes<T>;
    for (int k = 0; k < count; k += lanes) store(out + k, sum_of_each<T>(rows + k));
}

// out_ij^h = Σ q_i w k_j, followed by out_ji^h.
template <class T, class S>
SUNDOG_INLINE void dot_products(const S& s, const Kqv<T>& i, const Kqv<T>& j, const T* w, T* out) {
    constexpr int lanes = kLanes<T>;
    Vec<T> rows[2 * kMostKinds + kUnit];
    const int kinds = s.kinds();
    each_kind(s, [&](int h, int first, int width) {
        Vec<T> there{}, back{};
#pragma GCC unroll 2
        for (int u = first; u < first + width; u += lanes) {
            const Vec<T> f = load(w + u);
            there += f * load(i.q + u) * load(j.k + u);
            back += f * load(j.q + u) * load(i.k + u);
        }
        rows[h] = there;
        rows[kinds + h] = back;
    });
    for (int h = 2 * kinds; h < s.dots(); ++h) rows[h] = Vec<T>{};
    sums_of<T>(rows, s.dots(), out);
}

template <class T, class S>
SUNDOG_INLINE void add_updates(const Context<T, S>& c, int layer, long pair, const T* dots) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    const int kinds = s.kinds(), row = s.v() + s.ev();
    T alpha[2 * kMostKinds + kUnit];
    const T weight = c.work.weight[pair];
    for (int h = 0; h < s.dots(); h += lanes) store(alpha + h, weight * load(dots + h));
    const T* vi = Kqv(c, layer, c.pair_i[pair]).v;
    const T* vj = Kqv(c, layer, c.pair_j[pair]).v;
    T* i = c.work.update + long(c.pair_i[pair]) * row;
    T* j = c.work.update + long(c.pair_row[pair]) * row;
    for (int h = 0; h < s.heads; ++h) {
        const T there = alpha[h], back = alpha[kinds + h];
        for (int u = h * s.head(); u < (h + 1) * s.head(); u += lanes) {
            store(i + u, load(i + u) + there * load(vj + u));
            store(j + u, load(j + u) + back * load(vi + u));
        }
    }
    i += s.v();
    j += s.v();
    const T* harmonics = c.work.harmonics + pair * s.ev();
    for (int v = 0; v < s.ev(); v += lanes) {
        const Vec<T> y = load(harmonics + v);
        const Vec<T> there = expand<T>(alpha + s.heads, s.degrees, c.parameters.of_degree, s.ev(),
                                       v);
        const Vec<T> back = expand<T>(alpha + kinds + s.heads, s.degrees,
                                      c.parameters.of_degree_signed, s.ev(), v);
        store(i + v, load(i + v) + there * y);
        store(j + v, load(j + v) + back * y);
    }
}

template <class T, class S>
SUNDOG_INLINE void clear_updates(const Context<T, S>& c, int partition) {
    const long row = c.shape.v() + c.shape.ev();
    c.own_rows(partition, [&](long from, long to) {
        for (long k = from * row; k < to * row; ++k) c.work.update[k] = 0;
    });
}

// Tables of the first layer's dot products. There x depends on the species alone, so that in a
// single structure with few species they are functions of the distance for each pair of species.
template <class T, class S>
void tabulate_species(const Context<T, S>& c, int part) {
    const S& s = c.shape;
    const int species = c.species.count, parts = int(c.lists.extent.parts);
    for (int pair = part; pair < species * species; pair += parts) {
        const Kqv i(c, 0, c.species.example[pair / species]);
        const Kqv j(c, 0, c.species.example[pair % species]);
        T* out = c.species_table(pair);
        for (long row = 0; row < 3L * s.knots; ++row)
            dot_products(s, i, j, c.parameters.table[0] + row * s.channels(), out + row * s.dots());
    }
}

// First layer. As ev = 0, the filter is a table of the distance, and the backward pass needs only
// the derivative of the dot products by the distance.
template <class T, class S>
void attend_first(const Context<T, S>& c, int partition) {
    const S& s = c.shape;
    T* filter = c.scratch(partition);
    T* filter_slope = filter + s.channels();
    clear_updates(c, partition);
    const long first = c.first_pair(partition), end = first + c.pair_count[partition];
    for (long pair = first; pair < end; ++pair) {
        const long i = c.pair_i[pair], j = c.pair_j[pair];
        T* dots = c.work.dots[0] + pair * s.dots();
        T* slopes = c.work.first_slopes + pair * s.dots();
        if (c.species.count > 0) {
            const int kind = c.species_of(i) * c.species.count + c.species_of(j);
            look_up(s, c.species_table(kind), s.dots(), c.work.r[pair], dots, slopes);
        } else {
            look_up(s, c.parameters.table[0], s.channels(), c.work.r[pair], filter, filter_slope);
            dot_products(s, Kqv(c, 0, i), Kqv(c, 0, j), filter, dots);
            dot_products(s, Kqv(c, 0, i), Kqv(c, 0, j), filter_slope, slopes);
        }
        add_updates(c, 0, pair, dots);
    }
}

// Number of neighbouring vectors of a tile that are known to belong to one head.
template <class S, int vectors>
inline constexpr int kRun = std::is_same_v<S, PublishedShape> ? vectors : 1;

// The head of a channel, and whether the channel is its first.
template <class S>
SUNDOG_INLINE int kind_of(const S& s, int u, bool* first) {
    const bool of_degree = u >= s.v();
    const int place = of_degree ? u - s.v() : u, width = of_degree ? s.degree_head() : s.head();
    *first = place % width == 0;
    return place / width + (of_degree ? s.heads : 0);
}

// Adds Σ q_i w k_j and Σ q_j w k_i of a tile of filters, lane by lane, to the chunk's sums.
template <class T, class S, int vectors>
SUNDOG_INLINE void add_dots(const S& s, const Chunk<T>& chunk, int r, int u,
                            const Vec<T> (&w)[kRows][vectors]) {
    constexpr int lanes = kLanes<T>, run = kRun<S, vectors>;
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v += run, u += run * lanes) {
        bool first;
        const int h = kind_of(s, u, &first);
#pragma GCC unroll 8
        for (int k = 0; k < kRows; ++k) {
            const T *ki = chunk.i[r + k] + u, *qi = ki + s.channels();
            const T *kj = chunk.j[r + k] + u, *qj = kj + s.channels();
            T* to = chunk.sums + ((r + k) * s.dots() + h) * lanes;
            T* to_back = to + s.kinds() * lanes;
            Vec<T> there{}, back{};
            if (!first) there = load(to), back = load(to_back);
#pragma GCC unroll 2
            for (int o = 0; o < run; ++o) {
                there += w[k][v + o] * load(qi + o * lanes) * load(kj + o * lanes);
                back += w[k][v + o] * load(qj + o * lanes) * load(ki + o * lanes);
            }
            store(to, there);
            store(to_back, back);
        }
    }
}

template <class T, class S>
void attend(const Context<T, S>& c, int layer, int partition) {
    constexpr int lanes = kLanes<T>;
    const S& s = c.shape;
    clear_updates(c, partition);
    each_chunk(c, partition, [&](Chunk<T>& chunk) SUNDOG_INLINED {
        prepare_filters<false>(c, layer, chunk);
        form_filters<false>(c, layer, chunk,
                            [&](int r, int u, const auto& w, const auto&)
                                SUNDOG_INLINED { add_dots(s, chunk, r, u, w); });
        for (int k = 0; k < chunk.count; ++k) {
            T* rows = chunk.sums + k * s.dots() * lanes;
            T* dots = c.work.dots[layer] + (chunk.first + k) * s.dots();
            const long soon = chunk.pair(k + 2), row = s.v() + s.ev();
            fetch(Kqv(c, layer, c.pair_j[soon]).v, s.v());
            fetch(c.work.update + c.pair_row[soon] * row, row);
            clear(rows + 2 * s.kinds() * lanes, (s.dots() - 2 * s.kinds()) * lanes);
            sums_of_rows(rows, s.dots(), dots);
            add_updates(c, layer, chunk.first + k, dots);
        }
    });
}

}  // namespace sundog::SUNDOG_ISA
