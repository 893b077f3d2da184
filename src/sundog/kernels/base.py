"""The contract between a plain force field and the kernels that do its work on pairs.

Kernels differ in the layout of pairs and in what they keep between the forward and the backward
pass. The force field does not read either, and only passes them back to the kernels.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from sundog.longrange.mesh import AbstractTransport
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures
from sundog.system import System
from sundog.typing import Cells, PerAtom, PerPair, Positions

PairEnergies = Callable[[PerPair, PyTree[Array], PyTree[Array]], dict[str, PerPair]]
"""Function from distances in Å and the sites of i and j to energies in eV, by name.

It acts element by element and is symmetric in i and j.
"""

Features = Float[Array, "atoms features"]


class Attended(eqx.Module):
    """Arrays over atoms on which the pair part of a layer depends, or their cotangents.

    Attributes:
        query_features: queries of the feature attention, heads side by side.
        key_features: keys of the feature attention.
        value_features: values of the feature attention.
        query_euclidean: queries of the Euclidean attention, one head per degree.
        key_euclidean: keys of the Euclidean attention.
        euclidean: Euclidean variables ev.
    """

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
        sites: derivatives dE/dsite.
        forces: forces in eV/Å.
        virial: virial Σ r ⊗ dE/dr in eV.
    """

    energies: dict[str, PerAtom]
    sites: PyTree[Array]
    forces: Positions
    virial: Cells


class AbstractAttention(eqx.Module):
    """Pair part of a layer."""

    @abstractmethod
    def forward(self, atoms: Attended, geometry: Any, pairs: Any) -> tuple[AtomFeatures, Any]:
        """Return δx and δev of the atoms, and the residuals that `backward` needs.

        Args:
            atoms: queries, keys, values and Euclidean variables.
            geometry: geometry of the arranged pairs.
            pairs: short-range pairs, from `AbstractPairKernels.arranged`.
        """

    @abstractmethod
    def backward(
        self, atoms: Attended, geometry: Any, kept: Any, cotangent: AtomFeatures, pairs: Any
    ) -> tuple[Attended, Any]:
        """Return the cotangents of `atoms` and of `geometry` from those of δx and δev.

        Args:
            atoms: as in `forward`.
            geometry: as in `forward`.
            kept: residuals from `forward`.
            cotangent: cotangents of δx and δev.
            pairs: as in `forward`.
        """


class AbstractPairKernels(eqx.Module):
    """Kernels for all of a force field's work on pairs.

    Attributes:
        layers: pair part of each layer.
        transport: transfer of charges to meshes, and of potentials back.
        only_elementary: whether the energies of long lists must have no special functions and no
            arrays of parameters.
    """

    only_elementary: ClassVar[bool] = False

    layers: eqx.AbstractVar[tuple[AbstractAttention, ...]]
    transport: eqx.AbstractVar[AbstractTransport]

    @abstractmethod
    def arranged(self, pairs: PairList, atoms: int) -> Any:
        """Return short-range pairs in the layout of the kernels.

        Args:
            pairs: pair list, which is never empty.
            atoms: number of atoms.
        """

    @abstractmethod
    def geometry(self, system: System, pairs: Any) -> Any:
        """Return the geometry of the arranged pairs."""

    @abstractmethod
    def no_cotangent(self, geometry: Any) -> Any:
        """Return the cotangent of a geometry that nothing depends on."""

    @abstractmethod
    def forces(self, system: System, pairs: Any, cotangent: Any) -> tuple[Positions, Cells]:
        """Return forces in eV/Å and virials in eV from the cotangent of the geometry.

        Args:
            system: positions and cells.
            pairs: arranged pairs.
            cotangent: derivatives of the energy by the geometry.
        """

    @abstractmethod
    def first_layer(
        self, atoms: Attended, system: System, geometry: Any, pairs: Any
    ) -> tuple[AtomFeatures, Callable[[AtomFeatures, Any], Any]] | None:
        """Return the first layer, where x depends on the element alone and ev = 0.

        Args:
            atoms: queries, keys and values, with ev = 0.
            system: positions and cells.
            geometry: geometry of the arranged pairs.
            pairs: arranged pairs.

        Returns:
            δx and δev, and a function for the backward pass. Its arguments are the cotangents of
            δx and δev and a cotangent of the geometry, to which it adds that of this layer. None
            where the kernels compute this layer like the others.
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
            pair: function that returns the energies of pairs.
            sites: arrays over atoms from which `pair` takes the arguments of i and j.
            system: positions and cells.
            pairs: list that contains at least the pairs within the cutoff of `pair`: a `PairList`
                or another kind that the kernels read.
            dtype: precision of the arithmetic.
            far: whether the list is a long one; see `only_elementary`.
        """
