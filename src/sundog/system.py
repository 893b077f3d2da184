"""`System`: atoms, cell, charge and spin of one or many structures.

Arrays over atoms are flat; `system_index` says which structure an atom belongs
to, so that a batch, a set of replicas and a single molecule need no separate code.
An atom with atomic number 0 is padding: it takes part in no pair, has no mass and
contributes nothing to any result.
"""

from collections.abc import Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import ArrayLike

from sundog.errors import ChargeError, InputError
from sundog.typing import Cells, Numbers, Periodicity, PerSystem, Positions, SystemIndex
from sundog.validity import check_atoms, check_cell, check_electrons

Fragments = tuple[ArrayLike, ArrayLike]
"""Fragment of each atom (0, 1, …) and charge of each fragment."""


class System(eqx.Module):
    """One or many structures in flat arrays.

    Attributes:
        positions: coordinates of the atoms in Å, relative to the `origin` of their structure.
        numbers: atomic numbers; 0 marks padding.
        cell: lattice vectors in Å, as rows; rows of directions that are not periodic may be zero.
        pbc: True for each lattice vector along which the structure is periodic.
        total_charge: total charge of each structure in e.
        multiplicity: spin multiplicity 2S + 1, one more than the number of unpaired electrons.
        system_index: index of the structure that each atom belongs to.
        origin: reference point of each structure in Å; `positions + origin` are the user's
            coordinates. It is kept apart so that structures far from zero lose no digits in
            float32.
        fragment_index: fragment of each atom, numbered over the whole batch, or None.
        fragment_charge: charge of each fragment in e, or None.
    """

    positions: Positions
    numbers: Numbers
    cell: Cells
    pbc: Periodicity
    total_charge: PerSystem
    multiplicity: PerSystem
    system_index: SystemIndex
    origin: Float[Array, "systems 3"]
    fragment_index: Int[Array, " atoms"] | None = None
    fragment_charge: Float[Array, " fragments"] | None = None

    @property
    def number_of_atoms(self) -> int:
        """Length of the atoms axis, padding included."""
        return self.positions.shape[0]

    @property
    def number_of_systems(self) -> int:
        """Length of the systems axis."""
        return self.cell.shape[0]

    @property
    def is_atom(self) -> Bool[Array, " atoms"]:
        """Mask of the atoms: True for real atoms, False for padding."""
        return self.numbers > 0

    @property
    def volume(self) -> PerSystem:
        """Cell volume in Å³; zero without a three-dimensional cell."""
        return jnp.abs(jnp.linalg.det(self.cell))

    def at(self, positions: Positions, cell: Cells | None = None) -> "System":
        """Return the same system with other positions (relative to `origin`) and cell."""
        return replace(self, positions=positions, cell=self.cell if cell is None else cell)


def make_system(
    positions: ArrayLike,
    numbers: ArrayLike,
    *,
    cell: ArrayLike | None = None,
    pbc: bool | Sequence[bool] | np.ndarray = False,
    total_charge: float = 0,
    multiplicity: float | None = None,
    fragments: Fragments | None = None,
) -> System:
    """Check one structure and return it as a `System`.

    Args:
        positions: coordinates in Å, [atoms, 3].
        numbers: atomic numbers, [atoms], all positive.
        cell: lattice vectors in Å, [3, 3], as rows; needed along periodic directions.
        pbc: periodicity, one value for all lattice vectors or one for each.
        total_charge: total charge in e, an integer.
        multiplicity: spin multiplicity 2S + 1; by default the lowest that the number of electrons
            allows.
        fragments: fragments that constrain the predicted partial charges.

    Raises:
        StructureError: the structure is empty, or has coordinates that are not finite or too
            large.
        CellError: the periodic lattice vectors span no volume, or the cell is too thin or long.
        ChargeError: the charge, multiplicity or fragment charges are impossible.
    """
    positions = np.asarray(positions, dtype=np.float64)
    numbers = np.asarray(numbers)
    check_atoms(positions, numbers)
    periodic = np.broadcast_to(np.asarray(pbc, dtype=bool), (3,)).copy()
    lattice = np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=np.float64)
    check_cell(lattice, periodic)
    multiplicity = check_electrons(numbers, total_charge, multiplicity)
    origin = 0.5 * (positions.min(axis=0) + positions.max(axis=0))
    fragment_index, fragment_charge = _check_fragments(fragments, len(numbers), total_charge)
    return _on_device(
        positions=positions - origin,
        numbers=np.array(numbers, dtype=np.int32),
        cell=np.array(lattice[None]),
        pbc=periodic[None],
        total_charge=np.array([total_charge], dtype=np.float64),
        multiplicity=np.array([multiplicity], dtype=np.float64),
        system_index=np.zeros(len(numbers), dtype=np.int32),
        origin=origin[None],
        fragment_index=fragment_index,
        fragment_charge=fragment_charge,
    )


def concatenate(systems: Sequence[System]) -> System:
    """Join systems into one batch; fragments are numbered consecutively (host only).

    Raises:
        InputError: there are no systems, or only some of them have fragments.
    """
    if not systems:
        raise InputError("systems: a batch needs at least one system")
    if len({system.fragment_index is not None for system in systems}) > 1:
        raise InputError(
            "fragments: either all structures of a batch have fragment charges or none has",
            remedy="Split the batch, or give the others one fragment with their total charge",
        )

    def join(name: str, counted_by: str | None = None) -> np.ndarray | None:
        arrays = [getattr(system, name) for system in systems]
        if arrays[0] is None:
            return None
        if counted_by is not None:
            counts = [len(getattr(system, counted_by)) for system in systems[:-1]]
            starts = np.cumsum([0, *counts]).astype(np.int32)
            arrays = [np.asarray(a) + start for a, start in zip(arrays, starts, strict=True)]
        return np.concatenate([np.asarray(array) for array in arrays])

    names = ("positions", "numbers", "cell", "pbc", "total_charge", "multiplicity", "origin")
    return _on_device(
        **{name: join(name) for name in names},
        system_index=join("system_index", counted_by="cell"),
        fragment_index=join("fragment_index", counted_by="fragment_charge"),
        fragment_charge=join("fragment_charge"),
    )


def pad(system: System, atoms: int, systems: int, fragments: int | None = None) -> System:
    """Append padding atoms and empty structures up to the given lengths (host only).

    Padding atoms belong to the last structure; they change no result. Batches of
    different structures that are padded to the same lengths share one compiled program.

    Args:
        system: structures to be padded.
        atoms: number of atoms after padding.
        systems: number of structures after padding.
        fragments: number of fragments after padding, where the system has any; by default none
            are added.

    Raises:
        InputError: the system is larger than the padded size.
    """
    more_atoms = atoms - system.number_of_atoms
    more_systems = systems - system.number_of_systems
    charges = system.fragment_charge
    more_fragments = 0 if charges is None or fragments is None else fragments - len(charges)
    if min(more_atoms, more_systems, more_fragments) < 0:
        raise InputError(
            "pad: the system is larger than the padded size",
            got=f"{system.number_of_atoms} atoms, {system.number_of_systems} systems",
            expected=f"at most {atoms} and {systems}",
        )

    def extend(array: Array, count: int, value: float = 0) -> np.ndarray:
        widths = [(0, count)] + [(0, 0)] * (array.ndim - 1)
        return np.pad(np.asarray(array), widths, constant_values=value)

    return _on_device(
        positions=extend(system.positions, more_atoms),
        numbers=extend(system.numbers, more_atoms),
        cell=extend(system.cell, more_systems),
        pbc=extend(system.pbc, more_systems, False),
        total_charge=extend(system.total_charge, more_systems),
        multiplicity=extend(system.multiplicity, more_systems, 1),
        system_index=extend(system.system_index, more_atoms, systems - 1),
        origin=extend(system.origin, more_systems),
        fragment_index=None
        if system.fragment_index is None
        else extend(system.fragment_index, more_atoms),
        fragment_charge=None if charges is None else extend(charges, more_fragments),
    )


def _check_fragments(
    fragments: Fragments | None, atoms: int, total_charge: float
) -> tuple[np.ndarray | None, np.ndarray | None]:
    if fragments is None:
        return None, None
    index = np.asarray(fragments[0])
    charge = np.asarray(fragments[1], dtype=np.float64)
    if index.shape != (atoms,) or set(np.unique(index)) != set(range(len(charge))):
        raise ChargeError(
            "fragments: every atom needs a fragment 0, 1, … and every fragment a charge",
            got=f"{len(index)} indices {np.unique(index).tolist()}, {len(charge)} charges",
            expected=f"{atoms} indices",
        )
    if not np.isclose(charge.sum(), total_charge):
        raise ChargeError(
            "fragments: their charges do not add up to the total charge",
            got=f"{charge.tolist()} against {total_charge}",
        )
    return np.array(index, dtype=np.int32), np.array(charge)


def _on_device(**arrays: np.ndarray | None) -> System:
    """Return a system whose NumPy arrays are moved to the device in one call.

    Moved one by one, JAX would compile a copy for every new length, which would take most of the
    time of a set of small molecules.
    """
    return System(**jax.device_put(arrays))
