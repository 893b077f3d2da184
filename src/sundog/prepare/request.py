"""Requests to `prepare`: something to build, and water around it."""

from dataclasses import dataclass, fields
from typing import Literal

from sundog.bounds import check_fields
from sundog.errors import InputError

CellShape = Literal["cube", "octahedron", "dodecahedron"]
"""Shapes of cells."""

CounterIons = Literal["auto", "none", "neutralize"]
"""Treatments of a net charge."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Thing that is built where no file is given: one of the first four.

    Attributes:
        sequence: Peptide, as ACE-ALA15-NME.
        smiles: Molecule as SMILES.
        box: Mixture, as "water:900,CCO:100" or "water:90%,ethanol:10%".
        system: System by name, as popc-bilayer.
        helix: Backbone of an α helix for a sequence.
        extended: Backbone stretched out for a sequence, which is the default.
        phi_degrees: Backbone angle φ of a sequence, degrees.
        psi_degrees: Backbone angle ψ of a sequence, degrees.
        molecules: Number of molecules of a box in percent, or of a system.
        density_g_per_cm3: Density of a box, g/cm³.
    """

    sequence: str | None = None
    smiles: str | None = None
    box: str | None = None
    system: str | None = None
    helix: bool = False
    extended: bool = False
    phi_degrees: float | None = None
    psi_degrees: float | None = None
    molecules: int | None = None
    density_g_per_cm3: float | None = None

    def __post_init__(self):
        check_fields(self)

    def refuse_others(self, kind: str | None) -> None:
        """Refuse settings that what is built does not read.

        Args:
            kind: Name of the field that says what is built, or None for a file.

        Raises:
            InputError: Naming the setting.
        """
        read = {
            "sequence": {"helix", "extended", "phi_degrees", "psi_degrees"},
            "box": {"molecules", "density_g_per_cm3"},
            "system": {"molecules"},
        }.get(kind or "", set())
        default = Source()
        for one in fields(self):
            given = getattr(self, one.name) != getattr(default, one.name)
            if given and one.name != kind and one.name not in read:
                raise InputError(
                    f"{one.name}: nothing reads it here",
                    got=getattr(self, one.name),
                    remedy=f"Leave it out; {kind or 'a file'} is built",
                )


@dataclass(frozen=True, kw_only=True)
class SolventChoices:
    """Water around a structure: one of the first three says how much, none for no water.

    Attributes:
        padding_angstrom: Width of the water between solute and faces, Å.
        edge_angstrom: Distance between neighbouring images, Å: the edge of a cube.
        waters: Number of water molecules; counter-ions take the place of some.
        cell: Shape of the cell.
        vacuum_angstrom: Width of an empty layer along z, Å, which makes a slab of a cube.
        counter_ions: Cl− or NH4+ to neutralize a net charge, none, or `auto`: none up to 2 e,
            refused beyond.
    """

    padding_angstrom: float | None = None
    edge_angstrom: float | None = None
    waters: int | None = None
    cell: CellShape = "cube"
    vacuum_angstrom: float | None = None
    counter_ions: CounterIons = "auto"

    def __post_init__(self):
        check_fields(self)
        if self.vacuum_angstrom is not None and self.cell != "cube":
            raise InputError('vacuum_angstrom: slabs are made of cubes, cell="cube"')

    @property
    def wanted(self) -> bool:
        """Whether there is to be water.

        Raises:
            InputError: Its amount is said twice, or its cell is said without an amount.
        """
        sizes = (self.padding_angstrom, self.edge_angstrom, self.waters)
        given = sum(size is not None for size in sizes)
        if given > 1:
            raise InputError(
                "water: its amount is said twice",
                expected="one of `padding_angstrom`, `edge_angstrom` and `waters`",
            )
        if not given and self != SolventChoices():
            raise InputError(
                "water: nothing says how much",
                expected="one of `padding_angstrom`, `edge_angstrom` and `waters`",
            )
        return given == 1
