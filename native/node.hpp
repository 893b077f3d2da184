// Operations on single atoms between two attentions, and their backward pass, in blocks of atoms.
//
//     x ← x + update;  x₁ = LN₁ x;  x₂ = x₁ + W₂ silu(W₁ silu(x₁))
//     (c_x, c_l) = W [x₂, [ev]_l];  ev ← (1 + c_l) ev;  x ← LN₂(x₂ + c_x)
#pragma once

#include "dense.hpp"

namespace sundog::SUNDOG_ISA {

// Pointers to the rows of a block of atoms.
template <class T>
struct Block {
    long first;
    int count;
    T *a, *b, *mixed, *mixed_out;

    template <class S>
    Block(const S& s, T* scratch) {
        auto take = [&](long width) {
            T* here = scratch;
            scratch += kBlock * width;
            return here;
        };
        a = take(s.x());
        b = take(s.x());
        mixed = take(s.mixed_row());
        mixed_out = take(s.mixed_row());
    }
};

// Calls f(block) for the blocks of a partition. Partitions are balanced by atoms here.
template <class T, class S, class F>
SUNDOG_INLINE void each_block(const Context<T, S>& c, int partition, const F& f) {
    const long n = c.lists.extent.atoms, parts = c.lists.extent.parts;
    const long from = n * partition / parts, to = n * (partition + 1) / parts;
    Block<T> block(c.shape, c.scratch(partition));
    for (block.first = from; block.first < to; block.first += kBlock) {
        block.count = int(to - block.first < kBlock ? to - block.first : kBlock);
        f(block);
    }
}

// Computes keys, queries and values of a layer, or the values alone.
template <class T, class S>
void project(const Context<T, S>& c, int layer, const Block<T>& block, bool all = true) {
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const T* x = c.work.x + block.first * s.x();
    T* k = c.work.kqv[layer] + block.first * s.kqv();
    T *q = k + s.channels(), *v = q + s.channels();
    auto map = [&](const HeadMaps<T>& maps, T* to) {
        for (int h = 0; h < maps.heads; ++h)
            multiply(x + h * maps.width, s.x(), block.count, maps.forward(h), to + h * maps.padded,
                     s.kqv(), false);
    };
    map(p.value, v);
    if (!all) return;
    map(p.key, k);
    map(p.key_ev, k + s.v());
    map(p.query, q);
    map(p.query_ev, q + s.v());
}

// Cotangent of x from those of keys, queries and values, summed over all partitions.
template <class T, class S>
void project_backward(const Context<T, S>& c, int layer, const Block<T>& block) {
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const long width = s.kqv() + s.ev();
    for (int r = 0; r < block.count; ++r) {
        const long atom = block.first + r;
        T* row = c.work.gradient + atom * width;
        c.add_halo(c.work.gradient, width, atom, row);
        add(row + s.kqv(), s.ev(), c.work.gev + atom * s.ev());
    }
    T* gx = c.work.gx + block.first * s.x();
    const T* k = c.work.gradient + block.first * width;
    const T *q = k + s.channels(), *v = q + s.channels();
    auto map = [&](const HeadMaps<T>& maps, const T* from) {
        for (int h = 0; h < maps.heads; ++h) {
            // Heads whose width is no multiple of a vector would write into the next head.
            T* to = maps.width == maps.padded ? gx + h * maps.width : block.a;
            const long stride = maps.width == maps.padded ? s.x() : maps.padded;
            multiply(from + h * maps.padded, width, block.count, maps.backward(h), to, stride,
                     maps.width == maps.padded);
            if (maps.width == maps.padded) continue;
            for (int r = 0; r < block.count; ++r)
                for (int u = 0; u < maps.width; ++u)
                    gx[r * s.x() + h * maps.width + u] += to[r * stride + u];
        }
    };
    map(p.key, k);
    map(p.key_ev, k + s.v());
    map(p.query, q);
    map(p.query_ev, q + s.v());
    map(p.value, v);
}

// Adds the updates of all partitions to x and ev, and applies the first normalisation.
template <class T, class S>
SUNDOG_INLINE void take_updates(const Context<T, S>& c, int layer, const Block<T>& block) {
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const long width = s.v() + s.ev();
    for (int r = 0; r < block.count; ++r) {
        const long atom = block.first + r;
        T* update = c.work.update + atom * width;
        c.add_halo(c.work.update, width, atom, update);
        T* x = c.work.x + atom * s.x();
        add_heads(update, s.heads, s.head_width(), s.head(), x);
        T* ev = c.work.ev_mid[layer] + atom * s.ev();
        copy(update + s.v(), s.ev(), ev);
        if (layer > 0) add(c.work.ev[layer] + atom * s.ev(), s.ev(), ev);
        T* normed = c.work.normed1[layer] + atom * s.x();
        c.work.scales[layer][atom * (kUnit + s.per_degree())] = normalize(x, s.features, s.x(),
                                                                          normed);
        scale_and_shift(normed, p.norm1_scale, p.norm1_bias, s.x(), x);
        silu_of(x, s.x(), block.a + r * s.x());
    }
}

template <class T, class S>
void finish_layer(const Context<T, S>& c, int layer, const Block<T>& block) {
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const int row = s.x(), mixed = s.mixed_row(), count = block.count;
    take_updates(c, layer, block);
    T* z = c.work.z[layer] + block.first * row;
    for (int r = 0; r < count; ++r) copy(p.mlp1_bias, row, z + r * row);
    multiply(block.a, row, count, p.mlp1, z, row, true);
    T* x = c.work.x + block.first * row;
    for (int r = 0; r < count; ++r) {
        silu_of(z + r * row, row, block.b + r * row);
        add(p.mlp2_bias, row, x + r * row);
    }
    multiply(block.b, row, count, p.mlp2, x, row, true);
    T* c_l = block.b;
    for (int r = 0; r < count; ++r) {
        T* in = block.mixed + r * mixed;
        copy(x + r * row, row, in);
        const T* ev = c.work.ev_mid[layer] + (block.first + r) * s.ev();
        T squares[kUnit * 8], invariants[kUnit] = {};
        for (int v = 0; v < s.components(); ++v) squares[v] = ev[v] * ev[v];
        add_rows(squares, s.components(), c.parameters.degree_of, s.per_degree(), invariants);
        for (int l = 0; l < s.degrees; ++l)
            in[s.features + l] = invariants[l] * c.parameters.invariant_scale[l];
        add(p.mix_x_bias, row, x + r * row);
        copy(p.mix_l_bias, s.per_degree(), c_l + r * s.per_degree());
    }
    multiply(block.mixed, mixed, count, p.mix_x, x, row, true);
    multiply(block.mixed, mixed, count, p.mix_l, c_l, s.per_degree(), true);
    for (int r = 0; r < count; ++r) {
        const long atom = block.first + r;
        T* scales = c.work.scales[layer] + atom * (kUnit + s.per_degree());
        copy(c_l + r * s.per_degree(), s.per_degree(), scales + kUnit);
        if (layer + 1 < s.layers) {
            const T* ev = c.work.ev_mid[layer] + atom * s.ev();
            for (int v = 0; v < s.ev(); v += kLanes<T>)
                store(c.work.ev[layer + 1] + atom * s.ev() + v,
                      load(ev + v) * (T(1) + expand<T>(scales + kUnit, s.degrees,
                                                       c.parameters.of_degree, s.ev(), v)));
        }
        T* normed = c.work.normed2[layer] + atom * row;
        scales[1] = normalize(x + r * row, s.features, row, normed);
        scale_and_shift(normed, p.norm2_scale, p.norm2_bias, row, x + r * row);
    }
}

// Cotangents of x and ev after the attention of a layer from those after the layer.
template <class T, class S>
void finish_layer_backward(const Context<T, S>& c, int layer, const Block<T>& block) {
    const S& s = c.shape;
    const LayerParameters<T>& p = c.parameters.layer[layer];
    const int row = s.x(), mixed = s.mixed_row(), count = block.count;
    T* gx = c.work.gx + block.first * row;
    for (int r = 0; r < count; ++r) {
        const long atom = block.first + r;
        const T* scales = c.work.scales[layer] + atom * (kUnit + s.per_degree());
        normalize_backward(c.work.normed2[layer] + atom * row, scales[1], p.norm2_scale, s.features,
                           row, gx + r * row);
        T* in = block.mixed + r * mixed;
        copy(gx + r * row, row, in);
        const T *ev = c.work.ev_mid[layer] + atom * s.ev(), *gev = c.work.gev + atom * s.ev();
        T products[kUnit * 8], along[kUnit] = {};
        for (int v = 0; v < s.components(); ++v) products[v] = ev[v] * gev[v];
        add_rows(products, s.components(), c.parameters.degree_of, s.per_degree(), along);
        for (int l = 0; l < s.degrees; ++l) in[s.features + l] = along[l];
    }
    T* g_l = block.b;
    multiply(block.mixed, mixed, count, p.mix_x_t, gx, row, true);
    multiply(block.mixed, mixed, count, p.mix_l_t, g_l, s.per_degree(), false);
    for (int r = 0; r < count; ++r) {
        const long atom = block.first + r;
        const T* c_l = c.work.scales[layer] + atom * (kUnit + s.per_degree()) + kUnit;
        const T* ev = c.work.ev_mid[layer] + atom * s.ev();
        T* gev = c.work.gev + atom * s.ev();
        T twice[kUnit];
        for (int l = 0; l < s.degrees; ++l)
            twice[l] = T(2) * c.parameters.invariant_scale[l] * g_l[r * s.per_degree() + l];
        for (int v = 0; v < s.ev(); v += kLanes<T>) {
            const Vec<T> scale = expand<T>(c_l, s.degrees, c.parameters.of_degree, s.ev(), v);
            const Vec<T> through = expand<T>(twice, s.degrees, c.parameters.of_degree, s.ev(), v);
            store(gev + v, load(gev + v) * (T(1) + scale) + through * load(ev + v));
        }
    }
    multiply(gx, row, count, p.mlp2_t, block.a, row, false);
    for (int r = 0; r < count; ++r)
        silu_backward(c.work.z[layer] + (block.first + r) * row, row, block.a + r * row);
    multiply(block.a, row, count, p.mlp1_t, block.b, row, false);
    for (int r = 0; r < count; ++r) {
        const long atom = block.first + r;
        const T* normed = c.work.normed1[layer] + atom * row;
        scale_and_shift(normed, p.norm1_scale, p.norm1_bias, row, block.a + r * row);
        silu_backward(block.a + r * row, row, block.b + r * row);
        add(block.b + r * row, row, gx + r * row);
        normalize_backward(normed, c.work.scales[layer][atom * (kUnit + s.per_degree())],
                           p.norm1_scale, s.features, row, gx + r * row);
        to_heads(gx + r * row, s.heads, s.head_width(), s.head(), c.work.gx_heads + atom * s.v());
    }
}

}  // namespace sundog::SUNDOG_ISA
