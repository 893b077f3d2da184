// Parameters of a model as views into one array, in the order in which they were packed
// (sundog.forcefield.formulations.packing).
#pragma once

#include "gemm.hpp"
#include "shape.hpp"

namespace sundog::SUNDOG_ISA {

template <class T>
struct Cursor {
    const T* at;
    const T* row(long n) {
        const T* here = at;
        at += n;
        return here;
    }
    Matrix<T> matrix(int inputs, int outputs) {
        const int padded = int(round_up(outputs));
        return {row(long(inputs) * padded), inputs, padded};
    }
};

// Block-diagonal map of heads: block h maps x[h·width …] to row[h·padded …].
template <class T>
struct HeadMaps {
    const T* blocks;
    int heads, width, padded;

    Matrix<T> forward(int h) const { return {blocks + 2L * h * block(), width, padded}; }
    Matrix<T> backward(int h) const { return {blocks + (2L * h + 1) * block(), width, padded}; }
    long block() const { return long(width) * padded; }

    static HeadMaps take(Cursor<T>& cursor, int heads, int width) {
        HeadMaps maps{nullptr, heads, width, int(round_up(width))};
        maps.blocks = cursor.row(2L * heads * maps.block());
        return maps;
    }
};

template <class T>
struct LayerParameters {
    // Angular filters: z = b + Σ_l s_l W_l, then one output matrix for each attention.
    const T *angular_bias, *angular_in;
    Matrix<T> angular_out[2], angular_out_t[2];
    HeadMaps<T> query, key, value, query_ev, key_ev;
    const T *norm1_scale, *norm1_bias, *norm2_scale, *norm2_bias;
    Matrix<T> mlp1, mlp1_t, mlp2, mlp2_t;
    const T *mlp1_bias, *mlp2_bias;
    // Exchange, its columns (and those of its transpose) split into features and degrees.
    Matrix<T> mix_x, mix_l, mix_x_t, mix_l_t;
    const T *mix_x_bias, *mix_l_bias;
};

template <class T>
struct HeadParameters {
    Matrix<T> in, in_t;
    const T *in_bias, *out;
};

template <class T>
struct Parameters {
    // Per element: scale and shift of the energy, shift of the charge, shift of the ratio.
    const T* element;
    const T* query;
    HeadParameters<T> energy, charge;
    Matrix<T> ratio1, ratio1_t, ratio2, ratio2_t;
    const T *ratio1_bias, *ratio2_bias;
    const T* biases;  // biases of the last layer of energy and charge
    // One row over components for each degree: 1 where they belong to it; the same with (−1)^l.
    const T *of_degree, *of_degree_signed;
    // One row over degrees for each component: 1 where it belongs to the degree.
    const T* degree_of;
    const T* invariant_scale;
    LayerParameters<T> layer[kMostLayers];
    const T* table[kMostLayers];
    const T* end;

    Parameters(const Shape& s, const T* packed);
};

template <class T>
LayerParameters<T> take_layer(const Shape& s, Cursor<T>& c) {
    LayerParameters<T> p;
    p.angular_bias = c.row(2 * s.hidden());
    p.angular_in = c.row(long(s.degrees) * 2 * s.hidden());
    p.angular_out[0] = c.matrix(s.angular, s.v());
    p.angular_out[1] = c.matrix(s.angular, s.channels() - s.v());
    p.angular_out_t[0] = c.matrix(s.v(), s.angular);
    p.angular_out_t[1] = c.matrix(s.channels() - s.v(), s.angular);
    p.query = HeadMaps<T>::take(c, s.heads, s.head_width());
    p.key = HeadMaps<T>::take(c, s.heads, s.head_width());
    p.value = HeadMaps<T>::take(c, s.heads, s.head_width());
    p.query_ev = HeadMaps<T>::take(c, s.degrees, s.degree_width());
    p.key_ev = HeadMaps<T>::take(c, s.degrees, s.degree_width());
    p.norm1_scale = c.row(s.x());
    p.norm1_bias = c.row(s.x());
    p.norm2_scale = c.row(s.x());
    p.norm2_bias = c.row(s.x());
    p.mlp1 = c.matrix(s.features, s.features);
    p.mlp1_t = c.matrix(s.features, s.features);
    p.mlp1_bias = c.row(s.x());
    p.mlp2 = c.matrix(s.features, s.features);
    p.mlp2_t = c.matrix(s.features, s.features);
    p.mlp2_bias = c.row(s.x());
    const int both = s.features + s.degrees;
    p.mix_x = c.matrix(both, s.features);
    p.mix_l = c.matrix(both, s.degrees);
    p.mix_x_t = c.matrix(both, s.features);
    p.mix_l_t = c.matrix(both, s.degrees);
    p.mix_x_bias = c.row(s.x());
    p.mix_l_bias = c.row(s.per_degree());
    return p;
}

template <class T>
HeadParameters<T> take_head(const Shape& s, Cursor<T>& c) {
    HeadParameters<T> p;
    p.in = c.matrix(s.features, s.features);
    p.in_t = c.matrix(s.features, s.features);
    p.in_bias = c.row(s.x());
    p.out = c.row(s.x());
    return p;
}

template <class T>
Parameters<T>::Parameters(const Shape& s, const T* packed) {
    Cursor<T> c{packed};
    element = c.row(4L * s.elements);
    query = c.row(long(s.elements) * s.hirshfeld_row());
    energy = take_head(s, c);
    charge = take_head(s, c);
    ratio1 = c.matrix(s.features, s.hirshfeld);
    ratio1_t = c.matrix(s.hirshfeld, s.features);
    ratio1_bias = c.row(s.hirshfeld_row());
    ratio2 = c.matrix(s.hirshfeld, s.hirshfeld);
    ratio2_t = c.matrix(s.hirshfeld, s.hirshfeld);
    ratio2_bias = c.row(s.hirshfeld_row());
    biases = c.row(kUnit);
    of_degree = c.row(long(s.degrees) * s.ev());
    of_degree_signed = c.row(long(s.degrees) * s.ev());
    degree_of = c.row(long(s.ev()) * s.per_degree());
    invariant_scale = c.row(s.per_degree());
    for (int t = 0; t < s.layers; ++t) layer[t] = take_layer(s, c);
    for (int t = 0; t < s.layers; ++t) table[t] = c.row(s.knots * s.knot());
    end = c.at;
}

}  // namespace sundog::SUNDOG_ISA
