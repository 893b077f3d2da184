// Construction of the lists: sorts atoms into compact clusters, finds pairs of clusters, then
// pairs.
//
// Atoms are wrapped into the cell and bisected, along the longest side of their box, until
// clusters of kCluster remain. A pair of clusters is kept when their boxes, one of them moved by
// lattice vectors, are closer than the reach. Clusters are found through a grid over the cell in
// fractional coordinates, whose bins are counted on through the images: cells of any shape, and
// cells shorter than the reach, need no separate treatment.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "build.hpp"
#include "cells.hpp"
#include "tensors.hpp"

namespace sundog {
namespace {

class Builder {
  public:
    Builder(const BuildInput& in, const Lists& out) : in_(in), out_(out) {}

    void run() {
        gather();
        sort();
        boxes();
        make_grids();
        find_long_pairs();
        find_short_pairs();
        partition();
        map_halo();
    }

  private:
    const BuildInput& in_;
    const Lists& out_;
    std::vector<Cell> cells_;
    std::vector<double> wrapped_;  // by the user's index
    std::vector<std::array<int32_t, 3>> wrap_;
    std::vector<int32_t> order_, system_;
    std::vector<int32_t> first_;  // first atom of each cluster, and the end
    std::vector<int32_t> cluster_system_;
    std::vector<Box> box_;
    std::vector<double> x_, y_, z_;  // sorted
    struct Grid {
        int shape[3];
        double origin[3];  // fractional, along directions that are not periodic
        double extent[3];
        double slack;  // largest distance of an atom from its cluster's centre
        std::vector<int32_t> start, member;
    };
    std::vector<Grid> grids_;
    struct Found {
        int32_t cluster, shift;
    };
    long listed_ = 0;
    double closest_ = 1e6;
    std::array<int32_t, 2> closest_pair_{};

    // Real atoms, by structure; atoms without finite positions come last and in no cluster.
    void gather() {
        for (long s = 0; s < in_.extent.systems; ++s)
            cells_.push_back(make_cell(in_.lattice + 9 * s, in_.pbc + 3 * s));
        wrapped_.resize(3 * in_.extent.atoms);
        wrap_.assign(in_.extent.atoms, {0, 0, 0});
        for (long a = 0; a < in_.extent.atoms; ++a) {
            const Cell& c = cells_[in_.system_index[a]];
            double* r = &wrapped_[3 * a];
            std::copy(in_.positions + 3 * a, in_.positions + 3 * a + 3, r);
            double f[3];
            fractional(c, r, f);
            for (int k = 0; k < 3; ++k) {
                if (!c.periodic[k] || !(std::abs(f[k]) < 1e8)) continue;
                const double w = std::floor(f[k]);
                wrap_[a][k] = int32_t(w);
                for (int q = 0; q < 3; ++q) r[q] -= w * c.lattice[3 * k + q];
            }
        }
    }

    bool exists(long a) const {
        const double* r = &wrapped_[3 * a];
        return in_.numbers[a] > 0 && cells_[in_.system_index[a]].sound && std::abs(r[0]) < 1e8 &&
               std::abs(r[1]) < 1e8 && std::abs(r[2]) < 1e8;
    }

    void sort() {
        std::vector<std::vector<int32_t>> members(in_.extent.systems);
        std::vector<int32_t> absent;
        for (long a = 0; a < in_.extent.atoms; ++a)
            (exists(a) ? members[in_.system_index[a]] : absent).push_back(int32_t(a));
        for (long s = 0; s < in_.extent.systems; ++s) {
            bisect(members[s].data(), long(members[s].size()));
            for (size_t k = 0; k < members[s].size(); k += kCluster) {
                first_.push_back(int32_t(order_.size() + k));
                cluster_system_.push_back(int32_t(s));
            }
            order_.insert(order_.end(), members[s].begin(), members[s].end());
        }
        first_.push_back(int32_t(order_.size()));
        order_.insert(order_.end(), absent.begin(), absent.end());
        for (int32_t a : order_) {
            x_.push_back(wrapped_[3L * a]);
            y_.push_back(wrapped_[3L * a + 1]);
            z_.push_back(wrapped_[3L * a + 2]);
            system_.push_back(in_.system_index[a]);
        }
        std::copy(order_.begin(), order_.end(), out_.order);
        std::copy(system_.begin(), system_.end(), out_.system);
        for (long a = 0; a < in_.extent.atoms; ++a)
            std::copy(wrap_[order_[a]].begin(), wrap_[order_[a]].end(), out_.wrap + 3 * a);
        // Clusters depend on the numbers of atoms alone; the rest of the room stays empty.
        for (long c = 0; c <= in_.extent.clusters; ++c)
            out_.cluster_first[c] = first_[std::min<size_t>(c, first_.size() - 1)];
    }

    void bisect(int32_t* atoms, long n) {
        if (n <= kCluster) return;
        Box b = empty_box();
        for (long k = 0; k < n; ++k) extend(b, &wrapped_[3L * atoms[k]]);
        int axis = 0;
        for (int q = 1; q < 3; ++q)
            if (b.high[q] - b.low[q] > b.high[axis] - b.low[axis]) axis = q;
        const long half = (n + kCluster - 1) / kCluster / 2 * kCluster;
        std::nth_element(atoms, atoms + half, atoms + n, [&](int32_t a, int32_t c) {
            const double u = wrapped_[3L * a + axis], v = wrapped_[3L * c + axis];
            return u != v ? u < v : a < c;
        });
        bisect(atoms, half);
        bisect(atoms + half, n - half);
    }

    long clusters() const { return long(cluster_system_.size()); }

    void boxes() {
        for (long c = 0; c < clusters(); ++c) {
            Box b = empty_box();
            for (long a = first_[c]; a < first_[c + 1]; ++a) {
                const double r[3] = {x_[a], y_[a], z_[a]};
                extend(b, r);
            }
            box_.push_back(b);
        }
    }

    void centre(long c, double* f) const {
        double r[3];
        for (int q = 0; q < 3; ++q) r[q] = 0.5 * (box_[c].low[q] + box_[c].high[q]);
        fractional(cells_[cluster_system_[c]], r, f);
    }

    // Bins about as wide as a cluster, so that few clusters share one.
    void make_grids() {
        grids_.resize(in_.extent.systems);
        std::vector<std::vector<long>> members(in_.extent.systems);
        for (long c = 0; c < clusters(); ++c) members[cluster_system_[c]].push_back(c);
        for (long s = 0; s < in_.extent.systems; ++s) make_grid(grids_[s], cells_[s], members[s]);
    }

    void make_grid(Grid& g, const Cell& cell, const std::vector<long>& members) {
        Box span = empty_box();
        g.slack = 0;
        for (long c : members) {
            double f[3];
            centre(c, f);
            extend(span, f);
            double square = 0;
            for (int q = 0; q < 3; ++q) square += std::pow(box_[c].high[q] - box_[c].low[q], 2);
            g.slack = std::max(g.slack, 0.5 * std::sqrt(square));
        }
        const double wanted = std::cbrt(double(members.size()) + 1);
        for (int k = 0; k < 3; ++k) {
            g.origin[k] = cell.periodic[k] ? 0 : (members.empty() ? 0 : span.low[k]);
            g.extent[k] = cell.periodic[k] ? 1 : (members.empty() ? 1 : span.high[k] - span.low[k]);
            g.extent[k] = std::max(g.extent[k], 1e-9);
            const double mean = std::cbrt(cell.heights[0] * cell.heights[1] * cell.heights[2]);
            const double bins = wanted * cell.heights[k] / mean;
            g.shape[k] = bins >= 1 ? int(std::min(bins, 256.0)) : 1;
        }
        const long bins = long(g.shape[0]) * g.shape[1] * g.shape[2];
        g.start.assign(bins + 1, 0);
        std::vector<long> bin;
        for (long c : members) {
            int b[3];
            bin.push_back(locate(g, c, b));
            ++g.start[bin.back() + 1];
        }
        for (long b = 0; b < bins; ++b) g.start[b + 1] += g.start[b];
        std::vector<int32_t> at(g.start.begin(), g.start.end() - 1);
        g.member.resize(members.size());
        for (size_t k = 0; k < members.size(); ++k) g.member[at[bin[k]]++] = int32_t(members[k]);
    }

    long locate(const Grid& g, long c, int* b) const {
        double f[3];
        centre(c, f);
        for (int k = 0; k < 3; ++k) {
            const double u = (f[k] - g.origin[k]) / g.extent[k] * g.shape[k];
            b[k] = std::clamp(int(std::floor(u)), 0, g.shape[k] - 1);
        }
        return (long(b[0]) * g.shape[1] + b[1]) * g.shape[2] + b[2];
    }

    // Every pair of clusters once: (c, d ≥ c), and one of each two images of the cluster itself.
    void neighbors(long c, double reach, std::vector<Found>& found) const {
        found.clear();
        const long s = cluster_system_[c];
        const Cell& cell = cells_[s];
        const Grid& g = grids_[s];
        if (std::isinf(reach)) {
            for (long d = c; d < clusters() && cluster_system_[d] == s; ++d)
                found.push_back({int32_t(d), kNoShift});
            return;
        }
        int b[3], range[3];
        locate(g, c, b);
        for (int k = 0; k < 3; ++k) {
            const double width = cell.heights[k] * g.extent[k] / g.shape[k];
            const double bins = std::ceil((reach + 2 * g.slack) / width);
            range[k] = int(cell.periodic[k] ? bins : std::min<double>(bins, g.shape[k] - 1));
        }
        int o[3], image[3], bin[3];
        auto wrap = [&](int k) {
            const int at = b[k] + o[k], n = g.shape[k];
            image[k] = at >= 0 ? at / n : -((n - 1 - at) / n);
            bin[k] = at - image[k] * n;
            return cell.periodic[k] ? std::abs(image[k]) < 128 : image[k] == 0;
        };
        for (o[0] = -range[0]; o[0] <= range[0]; ++o[0]) {
            if (!wrap(0)) continue;
            for (o[1] = -range[1]; o[1] <= range[1]; ++o[1]) {
                if (!wrap(1)) continue;
                for (o[2] = -range[2]; o[2] <= range[2]; ++o[2])
                    if (wrap(2)) search(c, g, cell, bin, image, reach, found);
            }
        }
        std::sort(found.begin(), found.end(), [](const Found& p, const Found& q) {
            return p.cluster != q.cluster ? p.cluster < q.cluster : p.shift < q.shift;
        });
    }

    void search(long c, const Grid& g, const Cell& cell, const int* bin, const int* image,
                double reach, std::vector<Found>& found) const {
        const bool positive = image[0] > 0 ||
                              (image[0] == 0 && (image[1] > 0 || (image[1] == 0 && image[2] >= 0)));
        double shift[3];
        lattice_vector(cell.lattice, image, shift);
        const long at = (long(bin[0]) * g.shape[1] + bin[1]) * g.shape[2] + bin[2];
        for (int32_t k = g.start[at]; k < g.start[at + 1]; ++k) {
            const int32_t d = g.member[k];
            if (d < c || (d == c && !positive)) continue;
            if (gap(box_[c], box_[d], shift) < reach * reach)
                found.push_back(
                    {d, (image[0] + 128) | (image[1] + 128) << 8 | (image[2] + 128) << 16});
        }
    }

    void find_long_pairs() {
        std::vector<Found> found;
        long n = 0;
        for (long c = 0; c < in_.extent.clusters; ++c) {
            out_.long_start[c] = int32_t(std::min(n, in_.extent.long_pairs));
            if (c >= clusters()) continue;
            neighbors(c, in_.long_reach, found);
            for (const Found& f : found) {
                if (n < in_.extent.long_pairs) {
                    out_.long_cluster[n] = f.cluster;
                    out_.long_shift[n] = f.shift;
                }
                ++n;
            }
        }
        out_.long_start[in_.extent.clusters] = int32_t(std::min(n, in_.extent.long_pairs));
        out_.demand[1] = int32_t(std::min<long>(n, INT32_MAX));
    }

    void find_short_pairs() {
        std::vector<Found> found;
        long n = 0;
        for (long c = 0; c < clusters(); ++c) {
            neighbors(c, in_.short_reach, found);
            for (long i = first_[c]; i < first_[c + 1]; ++i) {
                out_.row_start[i] = int32_t(std::min(n, in_.extent.short_pairs));
                for (const Found& f : found) n = append_row(i, c, f, n);
            }
        }
        listed_ = std::min(n, in_.extent.short_pairs);
        for (long i = first_.back(); i <= in_.extent.atoms; ++i)
            out_.row_start[i] = int32_t(listed_);
        out_.demand[0] = int32_t(std::min<long>(n, INT32_MAX));
        out_.demand[3] = closest_pair_[0];
        out_.demand[4] = closest_pair_[1];
        out_.demand[5] = int32_t(1e6 * std::sqrt(closest_));
    }

    long append_row(long i, long c, const Found& f, long n) {
        double shift[3];
        shift_vector(cells_[cluster_system_[c]].lattice, f.shift, shift);
        const bool same = f.cluster == c && f.shift == kNoShift;
        const long from = same ? i + 1 : first_[f.cluster];
        const double x = x_[i] - shift[0], y = y_[i] - shift[1], z = z_[i] - shift[2];
        const double limit = in_.short_reach * in_.short_reach;
        for (long j = from; j < first_[f.cluster + 1]; ++j) {
            const double dx = x_[j] - x, dy = y_[j] - y, dz = z_[j] - z;
            const double square = dx * dx + dy * dy + dz * dz;
            if (square >= limit) continue;
            if (square < closest_) {
                closest_ = square;
                closest_pair_ = {order_[i], order_[j]};
            }
            if (n < in_.extent.short_pairs) {
                out_.pair_atom[n] = int32_t(j);
                out_.pair_shift[n] = f.shift;
            }
            ++n;
        }
        return n;
    }

    // Parts with about equal numbers of pairs, an atom itself counting as a few.
    void partition() {
        constexpr long kAtomCost = 4;
        const long total = listed_ + kAtomCost * in_.extent.atoms;
        long atom = 0;
        for (long p = 0; p < in_.extent.parts; ++p) {
            out_.bounds[p] = int32_t(atom);
            const long target = total * (p + 1) / in_.extent.parts;
            while (atom < in_.extent.atoms &&
                   out_.row_start[atom + 1] + kAtomCost * (atom + 1) <= target)
                ++atom;
        }
        out_.bounds[in_.extent.parts] = int32_t(in_.extent.atoms);
    }

    // Atoms of other parts get separate rows, and so does an atom that is paired with its own
    // image, so that no two sums that are formed at the same time share a row.
    void map_halo() {
        std::vector<int32_t> row(in_.extent.atoms, -1), seen, count(in_.extent.atoms + 1, 0);
        std::vector<int32_t> owner;
        for (long p = 0; p < in_.extent.parts; ++p) {
            out_.halo_start[p] = int32_t(std::min<long>(long(owner.size()), in_.extent.halo));
            const long from = out_.bounds[p], to = out_.bounds[p + 1];
            seen.clear();
            for (long i = from; i < to; ++i)
                for (long e = out_.row_start[i]; e < out_.row_start[i + 1]; ++e) {
                    const int32_t j = out_.pair_atom[e];
                    if ((j < from || j >= to || j == i) && row[j] < 0) {
                        row[j] = 0;
                        seen.push_back(j);
                    }
                }
            std::sort(seen.begin(), seen.end());
            for (int32_t j : seen) {
                row[j] = int32_t(owner.size());
                owner.push_back(j);
            }
            for (long i = from; i < to; ++i)
                for (long e = out_.row_start[i]; e < out_.row_start[i + 1]; ++e) {
                    const int32_t j = out_.pair_atom[e];
                    const bool foreign = j < from || j >= to || j == i;
                    // A row beyond the room is never read, because the list then overflows.
                    out_.pair_row[e] = !foreign
                                           ? j
                                           : int32_t(in_.extent.atoms +
                                                     std::min<long>(row[j], in_.extent.halo - 1));
                }
            for (int32_t j : seen) row[j] = -1;
        }
        const long halo = std::min<long>(long(owner.size()), in_.extent.halo);
        out_.halo_start[in_.extent.parts] = int32_t(halo);
        out_.demand[2] = int32_t(owner.size());
        for (long k = 0; k < halo; ++k) ++count[owner[k] + 1];
        for (long a = 0; a < in_.extent.atoms; ++a) count[a + 1] += count[a];
        std::copy(count.begin(), count.end(), out_.halo_of);
        for (long k = 0; k < halo; ++k)
            out_.halo_rows[count[owner[k]]++] = int32_t(in_.extent.atoms + k);
    }
};

}  // namespace

void build_lists(const BuildInput& in, const Lists& out) { Builder(in, out).run(); }

}  // namespace sundog
