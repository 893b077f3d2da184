"""`check_term`: the contract of an energy term, checked on random atoms.

e(r_b) − e(r_a) = ∫ e′(r) dr          over short intervals, which finds jumps and kinks too
e(s + h) − e(s − h) = 2h e′(s)         for sites s, charges and Hirshfeld ratios
"""

from collections.abc import Callable
from math import inf, isfinite
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from sundog.elements import SUPPORTED
from sundog.errors import InputError
from sundog.forcefield.pair_sum import sites_by_term
from sundog.names import Precision
from sundog.numerics.precision import with_x64
from sundog.properties import AtomicProperties
from sundog.terms.base import AbstractPairTerm
from sundog.testing.contract import ContractError, require, require_close

ATOMS = 24
"""Number of random atoms that a term is asked about."""

PAIRS = 64
"""Number of random pairs of these atoms."""

CURVES = 6
"""Number of pairs that are followed over all distances."""

SPACING = 0.02
"""Length in Å of the intervals over which slopes are integrated."""

LONGEST = 20.0
"""Distance in Å up to which a term without a cutoff is followed."""

BEYOND = 1.0
"""Length in Å over which a term is followed beyond its cutoff."""

STEP = 1e-5
"""Step of central differences by sites, in the units of these."""

ROUNDING = 1e-12
"""Relative deviation between two ways to compute the same number in float64."""


@with_x64
def check_term(
    term: AbstractPairTerm,
    cutoff: float | None = None,
    *,
    shortest: float = 0.8,
    tolerance: float = 1e-6,
) -> None:
    """Check that an energy term keeps the contract of `AbstractPairTerm`.

    Sites are real numbers, one for each atom, which depend on that atom alone; padding is finite
    and changes nothing. The pair energy acts pair by pair, is symmetric, is the integral of its
    slope, and is zero from the cutoff on. Derivatives by sites, charges and ratios are those of
    finite differences. float32 stays float32. A form for GPUs is the same term.

    Args:
        term: energy term, with parameters in any precision.
        cutoff: distance in Å from which on every pair energy is zero, `inf` where there is none;
            by default the term's field `cutoff`.
        shortest: smallest distance in Å at which the term is asked for an energy.
        tolerance: largest error of derivatives, relative to the largest energy or 1 eV.

    Raises:
        ContractError: a promise is not kept; it says which, by how much, and what is allowed.
    """
    name = getattr(term, "name", None)
    require(isinstance(name, str) and bool(name), f"{type(term).__name__}: `name` is a word")
    cutoff = getattr(term, "cutoff", None) if cutoff is None else cutoff
    require(
        isinstance(cutoff, float | int) and cutoff > 0,
        f"term {name}: a cutoff in Å is given, `inf` for none, or the term has a field `cutoff`",
    )
    sample = _Sample(_cast(term, "float64"), float(cutoff or inf), shortest, tolerance)
    _check_sites(sample)
    _check_pairs(sample)
    _check_curves(sample)
    _check_cutoff(sample)
    _check_gradients(sample)
    _check_precision(term, shortest)
    _check_elementary(sample)


class _Sample:
    """A term in float64 with random atoms and pairs of them."""

    def __init__(self, term: AbstractPairTerm, cutoff: float, shortest: float, tolerance: float):
        self.term, self.cutoff, self.shortest = term, cutoff, shortest
        self.tolerance = tolerance
        rng = np.random.default_rng(0)
        self.atoms = _atoms(rng, "float64")
        end = min(cutoff, LONGEST)
        self.distances = jnp.asarray(rng.uniform(shortest, end + BEYOND, PAIRS))
        self.i, self.j = rng.integers(0, ATOMS, (2, PAIRS))
        self.sites = self.sites_of(self.atoms)
        energies = self.energies(self.distances, self.i, self.j)
        require(
            energies.shape == (PAIRS,), f"{self}: `pair` gives one energy for each pair, an array"
        )
        self.scale = max(1.0, float(jnp.max(jnp.abs(energies))))

    def __str__(self) -> str:
        return f"term {self.term.name}"

    def sites_of(self, atoms: AtomicProperties) -> PyTree[Array]:
        """Return the sites, or refuse those that no pair sum can take."""
        try:
            return sites_by_term((self.term,), atoms)[self.term.name]
        except InputError as error:
            raise ContractError(str(error)) from error

    def energies(self, distances: Array, i: Any, j: Any) -> Array:
        """Return the energies of pairs of the atoms at distances in Å."""
        return _pair(self.term, distances, _at(self.sites, i), _at(self.sites, j))


def _atoms(rng: np.random.Generator, precision: Precision) -> AtomicProperties:
    return AtomicProperties(
        numbers=jnp.asarray(rng.choice(SUPPORTED, ATOMS), jnp.int32),
        energies=jnp.zeros(ATOMS, precision),
        partial_charges=jnp.asarray(rng.normal(scale=0.5, size=ATOMS), precision),
        hirshfeld_ratios=jnp.asarray(rng.uniform(0.5, 1.2, ATOMS), precision),
    )


def _cast(term: AbstractPairTerm, precision: Precision) -> AbstractPairTerm:
    return jax.tree.map(
        lambda leaf: leaf.astype(precision) if eqx.is_inexact_array(leaf) else leaf, term
    )


def _at(sites: PyTree[Array], index: Any) -> PyTree[Array]:
    return jax.tree.map(lambda site: site[index], sites)


@eqx.filter_jit
def _pair(term: AbstractPairTerm, distances: Array, i: PyTree[Array], j: PyTree[Array]) -> Array:
    return term.pair(distances, i, j)


@eqx.filter_jit
def _energies_and_slopes(
    term: AbstractPairTerm, distances: Array, i: PyTree[Array], j: PyTree[Array]
) -> tuple[Array, Array]:
    energies, pull = jax.vjp(lambda r: term.pair(r, i, j), distances)
    return energies, pull(jnp.ones_like(energies))[0]


def _check_sites(sample: _Sample) -> None:
    term, atoms = sample.term, sample.atoms
    selves = term.self_energy(atoms)
    require(selves.shape == (ATOMS,), f"{sample}: `self_energy` gives one energy for each atom")
    order = np.random.default_rng(1).permutation(ATOMS)
    turned = jax.tree.map(lambda one: one[order], atoms)
    both = sample.sites, selves
    permuted = sample.sites_of(turned), term.self_energy(turned)
    what = f"{sample}: sites and self-energies follow the order of the atoms"
    require_close(permuted, _at(both, order), allowed=ROUNDING * sample.scale, what=what)
    zero = jnp.zeros(3, atoms.energies.dtype)
    nothing = AtomicProperties(jnp.zeros(3, atoms.numbers.dtype), zero, zero, zero + 1.0)
    padded = jax.tree.map(lambda one, more: jnp.concatenate([one, more]), atoms, nothing)
    longer = sample.sites_of(padded), term.self_energy(padded)
    what = f"{sample}: sites and self-energies of atoms do not see padding"
    shorter = jax.tree.map(lambda one: one[:ATOMS], longer)
    require_close(shorter, both, allowed=ROUNDING * sample.scale, what=what)
    what = f"{sample}: padding has finite sites, self-energies, pair energies and slopes"
    rest = jax.tree.map(lambda one: one[ATOMS:], longer)
    found = _energies_and_slopes(term, jnp.full(3, 3**0.5), rest[0], rest[0])
    require(all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves((rest, found))), what)


def _check_pairs(sample: _Sample) -> None:
    r, i, j = sample.distances, sample.i, sample.j
    allowed = ROUNDING * sample.scale
    energies = sample.energies(r, i, j)
    what = f"{sample}: `pair` is symmetric, the same with i and j exchanged"
    require_close(sample.energies(r, j, i), energies, allowed=allowed, what=what)
    order = np.random.default_rng(2).permutation(PAIRS)
    what = f"{sample}: `pair` acts pair by pair, in whatever order"
    found = sample.energies(r[order], i[order], j[order])
    require_close(found, energies[order], allowed=allowed, what=what)
    what = f"{sample}: `pair` acts pair by pair, the same for few pairs as for many"
    few = slice(0, 1)
    require_close(
        sample.energies(r[few], i[few], j[few]), energies[few], allowed=allowed, what=what
    )


def _check_curves(sample: _Sample) -> None:
    """Compare differences of the energy with the integral of its slope, interval by interval."""
    end = min(sample.cutoff, LONGEST) + BEYOND
    edges = np.arange(sample.shortest, end, SPACING)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    inside = edges[:-1, None] + 0.5 * SPACING * (nodes + 1)
    for i, j in zip(sample.i[:CURVES], sample.j[:CURVES], strict=True):

        def along(distances: np.ndarray, i: int = i, j: int = j) -> tuple[np.ndarray, np.ndarray]:
            at = [_at(sample.sites, np.full(distances.size, one)) for one in (i, j)]
            found = _energies_and_slopes(sample.term, jnp.asarray(distances.ravel()), *at)
            energies, slopes = (np.asarray(one).reshape(distances.shape) for one in found)
            return energies, slopes

        energies, _ = along(edges)
        _, slopes = along(inside)
        off = np.abs(np.diff(energies) - 0.5 * SPACING * slopes @ weights)
        scale = max(1.0, float(np.max(np.abs(energies))))
        worst = int(np.argmax(off)) if np.isfinite(off).all() else int(np.argmin(np.isfinite(off)))
        require_close(
            off[worst],
            0.0,
            allowed=sample.tolerance * scale,
            what=f"{sample}: the energy in eV is the integral of its slope, without jumps and "
            f"kinks, between {edges[worst]:.2f} and {edges[worst + 1]:.2f} Å",
        )


def _check_cutoff(sample: _Sample) -> None:
    if not isfinite(sample.cutoff):
        return
    for beyond in (0.0, 0.01, 0.5, 5.0, 50.0):
        r = jnp.full(PAIRS, sample.cutoff + beyond)
        i, j = _at(sample.sites, sample.i), _at(sample.sites, sample.j)
        what = f"{sample}: energy and slope are zero at {sample.cutoff + beyond:g} Å, from the "
        found = _energies_and_slopes(sample.term, r, i, j)
        require_close(found, (0.0, 0.0), allowed=0.0, what=what + f"cutoff of {sample.cutoff:g} on")


def _check_gradients(sample: _Sample) -> None:
    """Compare derivatives by sites, and through them by charges and ratios, with differences."""
    term, atoms = sample.term, sample.atoms
    # All at distances at which a term gives something.
    end = min(sample.cutoff, LONGEST)
    r = jnp.asarray(np.random.default_rng(3).uniform(sample.shortest, 0.9 * end, PAIRS))

    def by_site(sites: PyTree[Array]) -> Array:
        return jnp.sum(_pair(term, r, _at(sites, sample.i), _at(sites, sample.j)))

    def by_property(charges: Array, ratios: Array) -> Array:
        seen = AtomicProperties(atoms.numbers, atoms.energies, charges, ratios)
        return by_site(sample.sites_of(seen)) + jnp.sum(term.self_energy(seen))

    _check_gradient(sample, by_site, sample.sites, "sites")
    charges, ratios = atoms.partial_charges, atoms.hirshfeld_ratios
    _check_gradient(sample, lambda q: by_property(q, ratios), charges, "charges")
    _check_gradient(sample, lambda h: by_property(charges, h), ratios, "Hirshfeld ratios")


def _check_gradient(
    sample: _Sample, function: Callable[[PyTree[Array]], Array], at: PyTree[Array], by: str
) -> None:
    """Compare a derivative along random directions, one for each array, with differences."""
    leaves, structure = jax.tree.flatten(at)
    value = eqx.filter_jit(function)
    gradient = jax.tree.leaves(eqx.filter_jit(jax.grad(function))(at))
    rng = np.random.default_rng(4)
    for number, (leaf, slopes) in enumerate(zip(leaves, gradient, strict=True)):
        direction: Float[np.ndarray, " atoms"] = rng.uniform(-1, 1, leaf.shape)

        def moved(step: float, number: int = number, direction: np.ndarray = direction) -> float:
            changed = list(leaves)
            changed[number] = leaves[number] + step * direction
            return float(value(structure.unflatten(changed)))

        expected = (moved(STEP) - moved(-STEP)) / (2 * STEP)
        scale = max(PAIRS * sample.scale, abs(expected))
        what = f"{sample}: the derivative by {by} is that of finite differences"
        allowed = sample.tolerance * scale
        require_close(np.dot(np.asarray(slopes), direction), expected, allowed=allowed, what=what)


def _check_precision(term: AbstractPairTerm, shortest: float) -> None:
    term = _cast(term, "float32")
    atoms = _atoms(np.random.default_rng(0), "float32")
    sites = term.sites(atoms)
    r = jnp.linspace(shortest, shortest + 3.0, ATOMS, dtype=jnp.float32)
    found = {"sites": sites, "pair": term.pair(r, sites, sites), "self_energy": None}
    found["self_energy"] = term.self_energy(atoms)
    for name, arrays in found.items():
        for one in jax.tree.leaves(arrays):
            require(
                one.dtype == jnp.float32,
                f"term {term.name}: `{name}` keeps the precision of the atoms, but gives "
                f"{one.dtype} for float32, as a constant of NumPy in it would make it do",
            )


def _check_elementary(sample: _Sample) -> None:
    form = sample.term.elementary("float64")
    if form is None:
        return
    i, j = _at(sample.sites, sample.i), _at(sample.sites, sample.j)
    found, expected = (
        _energies_and_slopes(one, sample.distances, i, j) for one in (form, sample.term)
    )
    what = f"{sample}: `elementary` gives the same energies and slopes"
    require_close(found, expected, allowed=1e-10 * sample.scale, what=what)
