// The network's passes as sequences of stages; each stage runs on all partitions at once.
#pragma once

#include "attention_backward.hpp"
#include "geometry.hpp"
#include "heads.hpp"
#include "team.hpp"

namespace sundog::SUNDOG_ISA {

template <class T>
void forward(const Context<T>& c, const Team& team, const T* initial, const Outputs<T>& out,
             T* zbl) {
    const Shape& s = c.shape;
    const int parts = int(c.lists.extent.partitions);
    const bool uniform = is_uniform(s);
    team.each(parts, [&](int p) { wrap_positions(c, p); });
    team.each(parts, [&](int p) {
        form_geometry(c, p);
        each_block(c, p, [&](const Block<T>& block) {
            for (int r = 0; r < block.count; ++r) {
                const long atom = block.first + r;
                T* x = c.work.x + atom * s.x();
                for (int u = 0; u < s.x(); ++u)
                    x[u] = u < s.features ? initial[long(c.lists.order[atom]) * s.features + u]
                                          : T(0);
            }
            project(c, 0, block);
        });
    });
    for (int layer = 0; layer < s.layers; ++layer) {
        team.each(parts, [&](int p) {
            if (layer == 0)
                uniform ? attend_first<T, true>(c, p) : attend_first<T, false>(c, p);
            else
                uniform ? attend<T, true>(c, layer, p) : attend<T, false>(c, layer, p);
        });
        team.each(parts, [&](int p) {
            each_block(c, p, [&](const Block<T>& block) {
                finish_layer(c, layer, block);
                if (layer + 1 < s.layers) {
                    project(c, layer + 1, block);
                    return;
                }
                read_outs(c, block, out);
                for (long a = block.first; a < block.first + block.count; ++a) {
                    c.add_halo(c.work.zbl, 1, a, c.work.zbl + a);
                    zbl[c.lists.order[a]] = c.work.zbl[a];
                }
            });
        });
    }
}

template <class T>
void backward(const Context<T>& c, const Team& team, const Cotangents<T>& g, double* gradient,
              double* virial) {
    const Shape& s = c.shape;
    const int parts = int(c.lists.extent.partitions);
    const bool uniform = is_uniform(s);
    for (int layer = s.layers - 1; layer >= 0; --layer) {
        team.each(parts, [&](int p) {
            each_block(c, p, [&](const Block<T>& block) {
                if (layer == s.layers - 1)
                    read_outs_backward(c, block, g);
                else
                    project_backward(c, layer + 1, block);
                finish_layer_backward(c, layer, block);
            });
        });
        team.each(parts, [&](int p) {
            if (layer > 0) {
                uniform ? attend_backward<T, true>(c, layer, p)
                        : attend_backward<T, false>(c, layer, p);
                return;
            }
            attend_first_backward(c, p);
            form_forces(c, p);
        });
    }
    team.each(parts, [&](int p) {
        each_block(c, p, [&](const Block<T>& block) {
            for (long a = block.first; a < block.first + block.count; ++a) {
                c.add_halo(c.work.force, 4, a, c.work.force + 4 * a);
                for (int k = 0; k < 3; ++k)
                    gradient[3L * c.lists.order[a] + k] = c.work.force[4 * a + k];
            }
        });
    });
    for (long k = 0; k < 6 * c.lists.extent.systems; ++k) {
        virial[k] = 0;
        for (int p = 0; p < parts; ++p) virial[k] += c.work.virial[6L * p * c.lists.extent.systems + k];
    }
}

}  // namespace sundog::SUNDOG_ISA
