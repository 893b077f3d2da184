// Output heads of an atom: energy, charge before its shift, Hirshfeld ratio with its sign.
#pragma once

#include "node.hpp"

namespace sundog::SUNDOG_ISA {

template <class T>
struct Outputs {
    T *energy, *charge, *ratio, *features, *euclidean;  // in the user's order
};
template <class T>
struct Cotangents {
    const T *charge, *ratio;  // dE/dcharge, dE/dratio; that of the energy is one
};

// scalar[r] = w · silu(z) + bias
template <class T, class S>
SUNDOG_INLINE void read_out(const Context<T, S>& c, const Block<T>& block,
                            const HeadParameters<T>& p, T bias, T* z, T* scalar) {
    const int row = c.shape.x();
    for (int r = 0; r < block.count; ++r) copy(p.in_bias, row, z + r * row);
    multiply(c.work.x + block.first * row, row, block.count, p.in, z, row, true);
    for (int r = 0; r < block.count; ++r) {
        Vec<T> total{};
        for (int u = 0; u < row; u += kLanes<T>)
            total += silu<T>(load(z + r * row + u)).value * load(p.out + u);
        scalar[r] = sum<T>(total) + bias;
    }
}

// Adds to gx the contribution of a cotangent `g` of the scalar.
template <class T, class S>
SUNDOG_INLINE void read_out_backward(const Context<T, S>& c, const Block<T>& block,
                                     const HeadParameters<T>& p, const T* z, const T* g) {
    const int row = c.shape.x();
    for (int r = 0; r < block.count; ++r)
        for (int u = 0; u < row; u += kLanes<T>)
            store(block.a + r * row + u,
                  g[r] * load(p.out + u) * silu<T>(load(z + r * row + u)).slope);
    multiply(block.a, row, block.count, p.in_t, c.work.gx + block.first * row, row, true);
}

template <class T, class S>
SUNDOG_INLINE int element_of(const Context<T, S>& c, long atom) {
    const int number = c.numbers[c.lists.order[atom]];
    return number < 0 || number >= c.shape.elements ? 0 : number;
}

template <class T, class S>
void read_ratios(const Context<T, S>& c, const Block<T>& block, const Outputs<T>& out) {
    const S& s = c.shape;
    const Parameters<T>& p = c.parameters;
    const int row = s.hirshfeld_row();
    T* z = c.work.z_ratio + block.first * row;
    for (int r = 0; r < block.count; ++r) copy(p.ratio1_bias, row, z + r * row);
    multiply(c.work.x + block.first * s.x(), s.x(), block.count, p.ratio1, z, row, true);
    for (int r = 0; r < block.count; ++r) {
        silu_of(z + r * row, row, block.mixed + r * row);
        copy(p.ratio2_bias, row, block.mixed_out + r * row);
    }
    multiply(block.mixed, row, block.count, p.ratio2, block.mixed_out, row, true);
    for (int r = 0; r < block.count; ++r) {
        const int element = element_of(c, block.first + r);
        Vec<T> total{};
        for (int u = 0; u < row; u += kLanes<T>)
            total += load(block.mixed_out + r * row + u) * load(p.query + long(element) * row + u);
        out.ratio[c.lists.order[block.first + r]] = p.element[4 * element + 3] + sum<T>(total);
    }
}

template <class T, class S>
void read_ratios_backward(const Context<T, S>& c, const Block<T>& block, const T* g) {
    const S& s = c.shape;
    const Parameters<T>& p = c.parameters;
    const int row = s.hirshfeld_row();
    for (int r = 0; r < block.count; ++r) {
        const T* query = p.query + long(element_of(c, block.first + r)) * row;
        for (int u = 0; u < row; u += kLanes<T>)
            store(block.mixed + r * row + u, g[r] * load(query + u));
    }
    multiply(block.mixed, row, block.count, p.ratio2_t, block.mixed_out, row, false);
    for (int r = 0; r < block.count; ++r)
        silu_backward(c.work.z_ratio + (block.first + r) * row, row, block.mixed_out + r * row);
    multiply(block.mixed_out, row, block.count, p.ratio1_t, c.work.gx + block.first * s.x(), s.x(),
             true);
}

template <class T, class S>
void read_outs(const Context<T, S>& c, const Block<T>& block, const Outputs<T>& out) {
    const S& s = c.shape;
    const Parameters<T>& p = c.parameters;
    T energy[kBlock], charge[kBlock];
    read_out(c, block, p.energy, p.biases[0], c.work.z_energy + block.first * s.x(), energy);
    read_out(c, block, p.charge, p.biases[1], c.work.z_charge + block.first * s.x(), charge);
    read_ratios(c, block, out);
    for (int r = 0; r < block.count; ++r) {
        const long atom = block.first + r, user = c.lists.order[atom];
        const T* element = p.element + 4L * element_of(c, atom);
        out.energy[user] = element[0] * energy[r] + element[1];
        out.charge[user] = charge[r] + element[2];
        const T* x = c.work.x + atom * s.x();
        for (int u = 0; u < s.features; ++u) out.features[user * s.features + u] = x[u];
        const T* ev = c.work.ev_mid[s.layers - 1] + atom * s.ev();
        const T* scales = c.work.scales[s.layers - 1] + atom * (kUnit + s.per_degree()) + kUnit;
        int v = 0;
        for (int l = 0; l < s.degrees; ++l)
            for (int m = 0; m < 2 * s.degree[l] + 1; ++m, ++v)
                out.euclidean[user * s.components() + v] = ev[v] * (T(1) + scales[l]);
    }
}

template <class T, class S>
void read_outs_backward(const Context<T, S>& c, const Block<T>& block, const Cotangents<T>& g) {
    const S& s = c.shape;
    const Parameters<T>& p = c.parameters;
    T energy[kBlock], charge[kBlock], ratio[kBlock];
    for (int r = 0; r < block.count; ++r) {
        const long atom = block.first + r, user = c.lists.order[atom];
        energy[r] = p.element[4L * element_of(c, atom)];
        charge[r] = g.charge[user];
        ratio[r] = g.ratio[user];
        clear(c.work.gx + atom * s.x(), s.x());
        clear(c.work.gev + atom * s.ev(), s.ev());
    }
    read_out_backward(c, block, p.energy, c.work.z_energy + block.first * s.x(), energy);
    read_out_backward(c, block, p.charge, c.work.z_charge + block.first * s.x(), charge);
    read_ratios_backward(c, block, ratio);
}

}  // namespace sundog::SUNDOG_ISA
