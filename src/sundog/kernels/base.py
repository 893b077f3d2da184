"""The contract between a tabulated force field and the kernels that do its work on pairs.

Kernels differ in how they lay pairs out and in what they keep between the passes; that is theirs
alone, and passed back to them as they gave it.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from sundog.longrange.mesh import AbstractTransport
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures
from sundog.system import System
from sundog.typing import Cells, PerAtom, PerPair, Positions

PairEnergies = Callable[[PerPair, PyTree[Array], PyTree[Array]], dict[str, PerPair]]
"""Maps distances in Å and the sites of i and j to energies in eV by name; element by element,
and symmetric in i and j."""

Features = Float[Array, "atoms features"]


class Attended(eqx.Module):
    """What the pairs see of the atoms: queries, keys, values and Euclidean variables."""

    query_features: Features
    key_features: Features
    value_features: Features
    query_euclidean: Features
    key_euclidean: Features
    euclidean: Float[Array, "atoms components"]


class PairSums(eqx.Module):
    """Sums over pairs.

    Attributes:
        energies: half of the energy of each atom's pairs in eV, by name.
        sites: dE/dsite.
        forces: eV/Å.
        virial: Σ r ⊗ dE/dr in eV.
    """

    energies: dict[str, PerAtom]
    sites: PyTree[Array]
    forces: Positions
    virial: Cells


class AbstractAttention(eqx.Module):
    """The pair part of a layer."""

    @abstractmethod
    def forward(self, atoms: Attended, geometry: Any, pairs: Any) -> tuple[AtomFeatures, Any]:
        """Return δx and δev of the atoms, and what `backward` needs of this pass."""

    @abstractmethod
    def backward(
        self, atoms: Attended, geometry: Any, kept: Any, cotangent: AtomFeatures, pairs: Any
    ) -> tuple[Attended, Any]:
        """Return the cotangents of `atoms` and of `geometry` from those of δx and δev."""


class AbstractPairKernels(eqx.Module):
    """All of a force field's work on pairs.

    Attributes:
        layers: pair part of each layer.
        transport: between atoms and meshes.
    """

    layers: eqx.AbstractVar[tuple[AbstractAttention, ...]]
    transport: eqx.AbstractVar[AbstractTransport]

    @abstractmethod
    def arranged(self, pairs: PairList, atoms: int) -> Any:
        """Return a list of short-range pairs, which is never empty, as the kernels want it."""

    @abstractmethod
    def geometry(self, system: System, pairs: Any) -> Any:
        """Return the geometry of the arranged pairs."""

    @abstractmethod
    def no_cotangent(self, geometry: Any) -> Any:
        """Return the cotangent of a geometry that nothing depends on."""

    @abstractmethod
    def forces(self, system: System, pairs: Any, cotangent: Any) -> tuple[Positions, Cells]:
        """Return forces in eV/Å and virials in eV from the cotangent of the geometry."""

    @abstractmethod
    def first_layer(
        self, atoms: Attended, system: System, geometry: Any, pairs: Any
    ) -> tuple[AtomFeatures, Callable[[AtomFeatures, Any], Any]] | None:
        """Return δx and δev of the first layer, where x depends on the element alone and ev = 0.

        Also the map from the cotangent of δx and δev, and a cotangent of the geometry, to the sum
        of that and of this layer's. None where it is no special case.
        """

    @abstractmethod
    def pair_sums(
        self,
        pair: PairEnergies,
        sites: PyTree[Array],
        system: System,
        pairs: Any,
        dtype: jnp.dtype,
        *,
        far: bool,
    ) -> PairSums:
        """Return sums of pair energies and their derivatives over a list.

        Args:
            pair: the energies.
            sites: what `pair` needs of each atom, arrays over atoms.
            system: positions and cells.
            pairs: a list that holds at least the pairs within reach of `pair`: a `PairList`, or
                whatever else the kernels read.
            dtype: precision of the arithmetic.
            far: whether the list is a long one, and `pair` without arrays of parameters.
        """
