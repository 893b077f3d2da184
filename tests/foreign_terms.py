"""Energy terms that no formulation has kernels for, as a third party would write them."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.properties import AtomicProperties
from sundog.terms.base import AbstractPairTerm
from sundog.typing import PerAtom, PerPair


class Bump(AbstractPairTerm):
    """A Gaussian around a distance, for all elements alike: the simplest there is."""

    name: ClassVar[str] = "bump"

    height: float = eqx.field(static=True, default=0.05)
    centre: float = eqx.field(static=True, default=2.5)
    cutoff: float = eqx.field(static=True, default=4.0)

    def sites(self, atoms: AtomicProperties) -> Any:
        return ()

    def pair(self, distances: PerPair, i: tuple[()], j: tuple[()]) -> PerPair:
        # To the fourth power, so that force and slope of the force end smoothly.
        window = jnp.maximum(1.0 - (distances / self.cutoff) ** 2, 0.0) ** 4
        return self.height * window * jnp.exp(-((distances - self.centre) ** 2))


class Well(AbstractPairTerm):
    """Whatever a term may have: charges, ratios, elements, parameters, special functions."""

    name: ClassVar[str] = "well"

    depths: Float[Array, " depths"]
    cutoff: float = eqx.field(static=True)

    def sites(self, atoms: AtomicProperties) -> dict[str, PerAtom]:
        return {
            "charge": atoms.partial_charges,
            "size": jnp.sqrt(jnp.abs(atoms.hirshfeld_ratios)),
            "number": atoms.numbers.astype(atoms.partial_charges.dtype),
        }

    def pair(self, distances: PerPair, i: dict, j: dict) -> PerPair:
        window = jnp.maximum(1.0 - (distances / self.cutoff) ** 2, 0.0) ** 4
        first, second = self.depths
        strength = first * i["charge"] * j["charge"] + second * i["size"] * j["size"]
        strength = strength * (1.0 + 0.01 * (i["number"] + j["number"]))
        return strength * window * jax.lax.erf(0.4 * distances)

    def self_energy(self, atoms: AtomicProperties) -> PerAtom:
        return self.depths[0] * atoms.partial_charges**2 * atoms.hirshfeld_ratios


def named(term: AbstractPairTerm, name: str) -> AbstractPairTerm:
    """The same term by another name."""
    body = {"name": name, "__annotations__": {"name": ClassVar[str]}, "__module__": __name__}
    kind = type(name.title(), (type(term),), body)
    fields = [field.name for field in dataclasses.fields(term)]
    return kind(**{field: getattr(term, field) for field in fields})
