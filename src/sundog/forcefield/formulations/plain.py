"""The force field with tabulated radial filters and hand-written derivatives, in plain JAX.

    E = Σ_i E_i(x_i) + pairs(r, sites(q, h)) + Σ_i self(q_i)
    backward: pairs → dE/dsites → dE/dq, dE/dh → dE/dx → layers in reverse → geometry

Same energy as `forcefield.so3lr.ForceField`, its reference, except that the radial filters are
splines (3e-7 eV/Å in the forces for the published weights). Pairs are worked on in blocks that
stay in cache, each pair once, forward and backward (`kernels.plain`); what belongs to
single atoms is differentiated by `jax.vjp`. It cannot be differentiated itself: Hessians and
training need the reference.

An energy term that the kernels cannot sum, as on GPUs one with special functions, is summed in
plain JAX beside them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.term_sums import (
    TermSums,
    sum_mesh,
    sum_plainly,
    sum_tail,
    sum_terms,
)
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField, predicted
from sundog.kernels.base import AbstractPairKernels, Attended
from sundog.kernels.plain.attention import Attention, TabulatedFilter
from sundog.kernels.plain.blocks import never_empty
from sundog.kernels.plain.geometry import ShortRange
from sundog.kernels.plain.kernels import PlainKernels
from sundog.kernels.plain.radial import compress
from sundog.kernels.tables import RadialTable, tabulate
from sundog.longrange.plan import Plan
from sundog.longrange.planned import apart
from sundog.model.layer import Filter, Layer
from sundog.model.so3krates import So3krates
from sundog.neighbors.base import Pairs, by_range
from sundog.neighbors.clusters import ClusterPairs
from sundog.neighbors.ordered import BY_ATOMS
from sundog.neighbors.pairs import PairList
from sundog.numerics.precision import whole_products
from sundog.properties import AtomFeatures, AtomicProperties
from sundog.system import System
from sundog.terms.base import AbstractPairTerm


class PlainForceField(AbstractForceField):
    """A `ForceField`, computed faster; made by `on_plain`.

    Attributes:
        reference: the force field it stands for: embedding, node parts, heads and physical terms.
        kernels: kernels for everything that is summed over pairs.
    """

    reference: ForceField
    kernels: AbstractPairKernels

    @property
    def formulation(self) -> str:
        """`plain`."""
        return "plain"

    @property
    def cutoffs(self) -> dict[str, float]:
        """Cutoffs in Å, by name of the range."""
        return self.reference.cutoffs

    def check(self, system: System) -> None:
        """Raise as the reference does (host only)."""
        self.reference.check(system)

    def plan(self, system: System) -> Plan | None:
        """Return the plan of the mesh with `ewald` (host only)."""
        ewald = self.reference.ewald
        return None if ewald is None else ewald.plan_mesh(system)

    def weighted(self, weight: float) -> "PlainForceField":
        """Return it with electrostatics and dispersion counted `weight` times in the forces."""
        return replace(self, reference=self.reference.weighted(weight))

    def long_terms(self) -> tuple[tuple[AbstractPairTerm, ...], tuple[AbstractPairTerm, ...]]:
        """Return the long terms as the kernels sum them, and those that they cannot sum."""
        terms, kernels = self.reference.long_terms, self.kernels
        if not kernels.only_elementary:
            return terms, ()
        forms = [one.elementary(self.reference.precision) for one in terms]
        rest = tuple(one for one, form in zip(terms, forms, strict=True) if form is None)
        return tuple(form for form in forms if form is not None), rest

    def __call__(self, system: System, pairs: Pairs) -> Prediction:
        """Return energies, forces, virial and atomic properties (pure, jittable)."""
        lists, plan = apart(pairs)
        return self.predict(system, by_range(lists), plan)

    @whole_products
    def predict(
        self, system: System, pairs: Mapping[str, PairList | ClusterPairs], plan: Plan | None
    ) -> Prediction:
        """Return the same over lists that may be of clusters where the kernels read these.

        Args:
            system: structures.
            pairs: `short`, `long`, and a list of atoms beside a long one of clusters for terms
                that the kernels cannot sum.
            plan: plan of the mesh, with `ewald`.
        """
        self.reference.check_terms()
        lists = {k: never_empty(v) if isinstance(v, PairList) else v for k, v in pairs.items()}
        listed = lists["short"]
        assert isinstance(listed, PairList)
        short = self.kernels.arranged(listed, system.number_of_atoms)
        geometry = self.kernels.geometry(system, short)
        features, pull_layers = self._layers(system, geometry, short)
        heads = partial(_heads, self.reference.network, system, features.euclidean)
        outputs, pull_heads = jax.vjp(heads, features.invariant)
        atoms = AtomicProperties(system.numbers, *outputs)
        near = partial(self.kernels.pair_sums, far=False)
        first = sum_terms(near, self.reference.short_terms, atoms, system, listed)
        rest = self._far(atoms, system, lists, plan)
        d_charges = sum((one.by_charges for one in rest), start=first.by_charges)
        d_ratios = sum((one.by_ratios for one in rest), start=first.by_ratios)
        (gx,) = pull_heads((jnp.ones_like(atoms.energies), d_charges, d_ratios))
        forces, virial = self.kernels.forces(system, short, pull_layers(gx))
        per_atom = {"so3krates": atoms.energies}
        for one in (first, *rest):
            per_atom |= one.energies
            forces, virial = forces + one.forces, virial + one.virial
        return predicted(
            system,
            per_atom,
            forces=forces,
            virial=virial,
            features=features,
            atoms=atoms,
        )

    def _far(
        self,
        atoms: AtomicProperties,
        system: System,
        lists: Mapping[str, PairList | ClusterPairs],
        plan: Plan | None,
    ) -> list[TermSums]:
        """Return the long range, its derivatives as often as they count."""
        reference = self.reference
        if reference.long_weight == 0:
            return []
        long_sums = partial(self.kernels.pair_sums, far=True)
        terms, others = self.long_terms()
        far = [sum_terms(long_sums, terms, atoms, system, lists["long"])]
        if others:
            by_atoms = lists.get(BY_ATOMS, lists["long"])
            assert isinstance(by_atoms, PairList)
            far.append(sum_plainly(others, atoms, system, by_atoms))
        if reference.ewald is not None and plan is not None:
            sigma, transport = reference.ewald.sigma, self.kernels.transport
            far.append(sum_mesh(atoms, system, plan, sigma, transport))
        if reference.tail is not None:
            far.append(sum_tail(reference.tail, atoms, system))
        return [one.counted(reference.long_weight) for one in far]

    def _layers(
        self, system: System, geometry: Any, pairs: Any
    ) -> tuple[AtomFeatures, Callable[[Array], Any]]:
        """Return the features, and the map from the cotangent of x to that of the geometry.

        The layers are one program in a loop, which takes a fraction of the time to compile.
        """
        network = self.reference.network
        layers = list(zip(network.layers, self.kernels.layers, strict=True))
        x = network.embedding(system)
        components = sum(2 * degree + 1 for degree in network.hyperparameters.degrees)
        start = AtomFeatures(x, jnp.zeros((x.shape[0], components), x.dtype))
        pull_first: Callable[[AtomFeatures, Any], Any] | None = None
        if layers[1:]:
            seen = _attended(network.layers[0], start)
            first = self.kernels.first_layer(seen, system, geometry, pairs)
            if first is not None:
                start, pull_first = _updated(network.layers[0], start, *first)
                layers = layers[1:]
        stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), *layers)

        def forward(atoms: AtomFeatures, layer: tuple) -> tuple[AtomFeatures, tuple]:
            nodes, attention = layer
            attended, kept = attention.forward(_attended(nodes, atoms), geometry, pairs)
            return nodes.update(atoms, attended), (atoms, attended, kept)

        end, saved = jax.lax.scan(forward, start, stack)

        def backward(state: tuple, of_layer: tuple) -> tuple[tuple, None]:
            g_after, total = state
            (nodes, attention), (atoms, attended, kept) = of_layer
            _, pull_update = jax.vjp(nodes.update, atoms, attended)
            seen, pull_seen = jax.vjp(partial(_attended, nodes), atoms)
            g_before, g_attended = pull_update(g_after)
            g_seen, g = attention.backward(seen, geometry, kept, g_attended, pairs)
            (more,) = pull_seen(g_seen)
            return jax.tree.map(jnp.add, (g_before, total), (more, g)), None

        def pull(gx: Array) -> Any:
            g_end = AtomFeatures(gx, jnp.zeros_like(end.euclidean))
            zero = self.kernels.no_cotangent(geometry)
            (g, total), _ = jax.lax.scan(backward, (g_end, zero), (stack, saved), reverse=True)
            return total if pull_first is None else pull_first(g, total)

        return end, pull


def _attended(layer: Layer, atoms: AtomFeatures) -> Attended:
    """Return what the pairs of a layer see of the atoms; heads lie side by side."""
    shape = atoms.invariant.shape
    projections = layer.projections(atoms.invariant)
    return Attended(*(one.reshape(shape) for one in projections), euclidean=atoms.euclidean)


def _updated(
    layer: Layer,
    atoms: AtomFeatures,
    attended: AtomFeatures,
    pull_pairs: Callable[[AtomFeatures, Any], Any],
) -> tuple[AtomFeatures, Callable[[AtomFeatures, Any], Any]]:
    """Return the features after a layer before which they are fixed, and the map back."""
    after, pull_update = jax.vjp(partial(layer.update, atoms), attended)

    def pull(g_after: AtomFeatures, total: Any) -> Any:
        return pull_pairs(pull_update(g_after)[0], total)

    return after, pull


def _heads(network: So3krates, system: System, ev: Array, x: Array) -> tuple[Array, Array, Array]:
    atoms = network.properties(AtomFeatures(x, ev), system)
    return atoms.energies, atoms.partial_charges, atoms.hirshfeld_ratios


def on_plain(force_field: ForceField) -> PlainForceField:
    """Return the force field with its radial filters tabulated (host only).

    Args:
        force_field: its parameters and precision are kept.
    """
    network = force_field.network
    h = network.hyperparameters
    filters = [one for layer in network.layers for one in _filters(layer)]
    table = tabulate([one.radial for one in filters], decay=h.radial_decay, cutoff=h.cutoff)
    knots = np.array(table.knots)
    knots[:, 0] += np.concatenate([np.asarray(one.angular.output.bias) for one in filters])
    basis, channels = compress(RadialTable(knots), force_field.precision)
    radial = iter(np.split(channels, len(filters), axis=1))
    kernels = PlainKernels(
        layers=tuple(
            Attention(
                *(_tabulated_filter(one, next(radial)) for one in _filters(layer)),
                heads=h.heads,
                degrees=h.degrees,
            )
            for layer in network.layers
        ),
        short_range=ShortRange(basis, h.degrees, h.cutoff, h.average_neighbors),
    )
    cast = jax.tree.map(lambda leaf: jnp.asarray(leaf, network.dtype), kernels)
    return PlainForceField(force_field, cast)


def _filters(layer: Layer) -> tuple[Filter, Filter]:
    return layer.filter_features, layer.filter_euclidean


def _tabulated_filter(one: Filter, radial: np.ndarray) -> TabulatedFilter:
    hidden = one.angular.hidden
    assert hidden.bias is not None
    return TabulatedFilter(radial, hidden.weight, hidden.bias, one.angular.output.weight)
