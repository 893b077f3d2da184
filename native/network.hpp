// Passes of the network as sequences of stages; each stage runs on all partitions in parallel.
#pragma once

#include "attention_backward.hpp"
#include "geometry.hpp"
#include "heads.hpp"
#include "team.hpp"

namespace sundog::SUNDOG_ISA {

template <class T, class S>
void forward(const Context<T, S>& c, const Team& team, const T* initial, const Outputs<T>& out,
             T* zbl) {
    const S& s = c.shape;
    const int parts = int(c.lists.extent.parts);
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
            project(c, 0, block, c.species.count == 0);
        });
    });
    if (c.species.count > 0) {
        for (int k = 0; k < c.species.count; ++k) {
            Block<T> one(s, c.scratch(0));
            one.first = c.species.example[k];
            one.count = 1;
            project(c, 0, one);
        }
        team.each(parts, [&](int p) { tabulate_species(c, p); });
    }
    for (int layer = 0; layer < s.layers; ++layer) {
        team.each(parts, [&](int p) {
            if (layer == 0)
                attend_first(c, p);
            else
                attend(c, layer, p);
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

template <class T, class S>
void backward(const Context<T, S>& c, const Team& team, const Cotangents<T>& g, double* gradient,
              double* virial) {
    const S& s = c.shape;
    const int parts = int(c.lists.extent.parts);
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
                attend_backward(c, layer, p);
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
        for (int p = 0; p < parts; ++p)
            virial[k] += c.work.virial[6L * p * c.lists.extent.systems + k];
    }
}

}  // namespace sundog::SUNDOG_ISA
