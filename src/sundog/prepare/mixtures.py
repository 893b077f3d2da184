"""Boxes of liquids and mixtures, packed by packmol; boxes of water alone are built here.

One conformer stands for all molecules of a kind, and packing leaves no structure of a liquid:
equilibrate the box. Where no density is given, that of ideal mixing of the known pure liquids is
taken,

    ρ = Σ m / Σ (m / ρ_pure),

which misses what volume is lost on mixing, about 3 % for water and ethanol.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError
from sundog.prepare.built import Built, centred, labelled
from sundog.prepare.composition import Part, is_file, parse_mixture
from sundog.prepare.contacts import WORDS, closest_between, refuse_clash
from sundog.prepare.files import molecule_of
from sundog.prepare.liquids import LIQUIDS, WATER
from sundog.prepare.molecules import build_smiles
from sundog.prepare.packing import TOLERANCE, pack
from sundog.prepare.water import CLOSEST_CONTACT, water_box
from sundog.units import GRAM_PER_CM3

SLACK = 0.05
"""Distance in Å by which packmol may miss its tolerance."""

LEAST_VACUUM = 10.0
"""Smallest height in Å of the vacuum of a slab."""


@dataclass(frozen=True)
class _Component:
    """A component with its molecule, and its density as a pure liquid where that is known."""

    molecule: Atoms
    count: int
    density: float | None
    name: str

    @property
    def mass(self) -> float:
        return self.count * float(self.molecule.get_masses().sum())


def build_mixture(
    mixture: str,
    *,
    total: int | None = None,
    density_g_per_cm3: float | None = None,
    edge_angstrom: float | None = None,
    vacuum_angstrom: float | None = None,
    seed: int = 0,
) -> Built:
    """Return a periodic box of a liquid.

    Args:
        mixture: Components with their amounts, `water:900,CCO:100` by count, `water:90%,CCO:10%` by
            mole percent or `water:0.9,CCO:0.1` by mole fraction. A component is the name of a
            liquid, a SMILES or a structure file of one molecule.
        total: Number of molecules of a composition in percent or fractions.
        density_g_per_cm3: Density in g/cm³; by default that of ideal mixing, where all densities
            are known.
        edge_angstrom: Edge in Å of the cube, instead of a density.
        vacuum_angstrom: Height in Å of a vacuum above the cube, along z; None fills the cell.
        seed: Seed of conformers and places; the same seed gives the same box.

    Returns:
        Whole molecules, one residue each, component after component.

    Raises:
        InputError: The mixture cannot be read or does not fit, or no density is known.
    """
    parts, told = parse_mixture(mixture, total)
    decisions = list(told)
    components = [_component(part, seed, decisions) for part in parts]
    _refuse_other_sizes(density_g_per_cm3, edge_angstrom, vacuum_angstrom)
    mass = sum(component.mass for component in components)
    if edge_angstrom is None:
        density = density_g_per_cm3 or _ideal_density(components, decisions)
        edge = (mass / (density * GRAM_PER_CM3)) ** (1 / 3)
    else:
        edge = edge_angstrom
        density = mass / edge**3 / GRAM_PER_CM3
    lengths = np.full(3, edge)
    lengths[2] += vacuum_angstrom or 0.0
    pure_water = [component.name for component in components] == [WATER]
    if not pure_water:
        _refuse_small_box(components, edge)
    if pure_water:
        positions = water_box(components[0].count, density, seed).positions
        decisions.append("Water molecules stand on a lattice in random orientations")
    else:
        counts = [component.count for component in components]
        molecules = [component.molecule for component in components]
        positions = pack(molecules, counts, lengths, edge, seed)
        decisions.append("One conformer stands for all molecules of a kind")
    positions = positions + np.array([0.0, 0.0, (vacuum_angstrom or 0.0) / 2])
    atoms = _box(components, positions, lengths)
    _measure(atoms, CLOSEST_CONTACT if pure_water else TOLERANCE - SLACK, decisions)
    if charge := atoms.info["charge"]:
        decisions.append(f"The box has a net charge of {charge:+d} e; add ions to make it neutral")
    where = f"cube of {edge:.3f} Å"
    if vacuum_angstrom:
        where = f"slab of {edge:.3f} Å in a cell {lengths[2]:.3f} Å high"
    decisions.append(f"The density is {density:.3f} g/cm³ in a {where}")
    return Built(atoms, tuple(decisions))


def _refuse_other_sizes(density: float | None, edge: float | None, vacuum: float | None) -> None:
    if density is not None and edge is not None:
        raise InputError(
            "density_g_per_cm3, edge_angstrom: one follows from the other",
            got=f"{density:g} g/cm³ and {edge:g} Å",
            remedy="Give one of them",
        )
    for name, value in (("density_g_per_cm3", density), ("edge_angstrom", edge)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"{name}: must be positive", got=value)
    if vacuum is not None and not (np.isfinite(vacuum) and vacuum >= LEAST_VACUUM):
        raise InputError(
            "vacuum_angstrom: no vacuum", got=vacuum, expected=f"at least {LEAST_VACUUM} Å"
        )


def _component(part: Part, seed: int, decisions: list[str]) -> _Component:
    """Return the molecule of a component."""
    if is_file(part.what):
        built = molecule_of(Path(part.what))
        decisions += built.decisions
        molecule = built.atoms
        molecule.positions = centred(molecule.positions)
        molecule.arrays["residuenumbers"] = np.ones(len(molecule), int)  # a residue for a molecule
        return _Component(molecule, part.count, None, part.what)
    if part.what.lower() == WATER or part.what == LIQUIDS[WATER].smiles:
        molecule = water_box(1).copy()
        molecule.set_cell(None)
        molecule.pbc = False
        labelled(
            molecule,
            names=["O", "H1", "H2"],
            residue_names=["HOH"] * 3,
            residue_numbers=[1] * 3,
            formal_charges=[0] * 3,
        )
        return _Component(molecule, part.count, LIQUIDS[WATER].density, WATER)
    liquid = LIQUIDS.get(part.what.lower())
    smiles = liquid.smiles if liquid else part.what
    if liquid is None:
        liquid = next((one for one in LIQUIDS.values() if one.smiles == smiles), None)
    built = build_smiles(smiles, liquid.residue if liquid else None, seed)
    told = [line for line in built.decisions if not line.startswith(WORDS)]
    decisions += [f"{part.what}: {line}" for line in told]
    density = liquid.density if liquid else None
    return _Component(built.atoms, part.count, density, part.what)


def _ideal_density(components: Sequence[_Component], decisions: list[str]) -> float:
    """Return the density of ideal mixing of the pure liquids."""
    volume = 0.0
    for component in components:
        if component.density is None:
            raise InputError(
                f"density_g_per_cm3: none is known of {component.name}",
                expected="the density of the mixture, or the edge of the box",
                remedy="Give density_g_per_cm3 or edge_angstrom",
            )
        volume += component.mass / component.density
    density = sum(component.mass for component in components) / volume
    how = (
        f"of {components[0].name} at 25 °C"
        if len(components) == 1
        else "of ideal mixing of the pure liquids at 25 °C, which real mixtures miss a little"
    )
    decisions.append(f"No density was given; {density:.3f} g/cm³ is that {how}")
    return density


def _refuse_small_box(components: Sequence[_Component], edge: float) -> None:
    for component in components:
        places = component.molecule.positions
        longest = max(float(np.linalg.norm(places - place, axis=1).max()) for place in places)
        if longest + TOLERANCE > edge:
            raise InputError(
                f"box: smaller than a molecule of {component.name}",
                got=f"edge {edge:.2f} Å, molecule {longest:.2f} Å long",
                expected=f"an edge of at least {longest + TOLERANCE:.2f} Å",
                remedy="Take more molecules or a lower density",
            )


def _box(
    components: Sequence[_Component],
    positions: Float[np.ndarray, "atoms 3"],
    lengths: Float[np.ndarray, "3"],
) -> Atoms:
    """Return the molecules at their places, each a residue of its own."""
    names: list[str] = []
    residues: list[str] = []
    numbers: list[int] = []
    charges: list[int] = []
    symbols: list[int] = []
    masses: list[float] = []
    molecules = 0
    for component in components:
        one = component.molecule
        # Components of a salt, or residues of a molecule, keep numbers of their own.
        inner = np.unique(one.arrays["residuenumbers"], return_inverse=True)[1]
        for _ in range(component.count):
            symbols += one.numbers.tolist()
            masses += one.get_masses().tolist()
            names += one.arrays["atomtypes"].tolist()
            residues += one.arrays["residuenames"].tolist()
            numbers += (molecules + 1 + inner).tolist()
            charges += one.arrays["formal_charges"].tolist()
            molecules += int(inner.max()) + 1
    atoms = Atoms(symbols, positions, cell=lengths, pbc=True)
    if any(component.molecule.has("masses") for component in components):
        atoms.set_array("masses", np.array(masses))
    return labelled(
        atoms,
        names=names,
        residue_names=residues,
        residue_numbers=numbers,
        formal_charges=charges,
    )


def _measure(atoms: Atoms, limit: float, decisions: list[str]) -> None:
    """Say the closest contact between molecules, over images; refuse a clash."""
    contact = closest_between(
        atoms.positions, atoms.arrays["residuenumbers"], atoms.cell.lengths(), within=3.0
    )
    refuse_clash(atoms, contact, limit, "Choose a lower density or another seed")
    if contact is not None:
        decisions.append(f"The closest contact of two molecules is {contact.describe(atoms)}")
