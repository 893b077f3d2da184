"""Structures from the records of atoms in files of biomolecules, whatever the format.

    used      positions, cell, elements (`topology.atom_names`), formal charges, isotopes
    carried   names of atoms, residues and chains, numbers and insertion codes of residues
    said      alternate locations that are left out, occupancies, isotopes
    refused   elements that cannot be told, virtual sites

Of alternate locations one is taken for each residue as a whole, and no atom is lost: see `chosen`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.geometry import cellpar_to_cell

from sundog.elements import HYDROGENS, ISOTOPES, number_of, standard_masses
from sundog.errors import FileFormatError, StructureError
from sundog.topology.atom_names import has_backbone, symbol_of
from sundog.topology.residue_names import ion

Report = Callable[[str], None]

NO_NAME = "UNK"
"""Residue name where the file has none."""

LISTED = 5
"""Number of residues or atoms that a message names."""


class Record(NamedTuple):
    """Atom of a file.

    Attributes:
        where: Place in the file, as `line 5`.
        name: Name of the atom.
        residue: Name of its residue.
        number: Number of the residue.
        position: Coordinates in Å.
        chain: Name of the chain.
        insertion: Insertion code of the residue.
        element: Entry of the element column; empty where there is none.
        alternate: Letter of the alternate location; empty where there is one place only.
        occupancy: Occupancy of the place.
        charge: Formal charge in e.
        aligned: Number of letters of the symbol by the columns of the name, see `symbol_of`.
        part: Name of the chain in descriptions of assemblies.
    """

    where: str
    name: str
    residue: str
    number: int
    position: tuple[float, float, float]
    chain: str = ""
    insertion: str = ""
    element: str = ""
    alternate: str = ""
    occupancy: float = 1.0
    charge: int = 0
    aligned: int | None = None
    part: str = ""

    @property
    def place(self) -> tuple[str, int, str]:
        """Chain, number and insertion code: what tells residues apart."""
        return self.chain, self.number, self.insertion

    def label(self) -> str:
        """Return the name of the residue in words."""
        chain = f" of chain {self.chain}" if self.chain else ""
        return f"{self.residue} {self.number}{self.insertion}{chain}"


def frames_of(
    models: Sequence[Sequence[Record]], cellpar: Sequence[float], path: object, report: Report
) -> list[Atoms]:
    """Return the models of a file as structures.

    Args:
        models: Records of each model.
        cellpar: Lengths in Å and angles in degrees of the cell; empty without one.
        path: Path of the file, for messages.
        report: Called with a line about everything that was chosen or left out.

    Raises:
        FileFormatError: There are no atoms, or the models differ in length.
        StructureError: The element of an atom cannot be told, or it is a virtual site.
    """
    if not models or not all(models):
        raise FileFormatError(f"{path}: no atoms there", remedy="Check that the file is whole")
    taken = [chosen(model, report if model is models[0] else _nothing) for model in models]
    if len({len(model) for model in taken}) > 1:
        raise FileFormatError(
            f"{path}: its models differ in length, one may be truncated",
            got=f"{', '.join(str(len(model)) for model in taken)} atoms",
            remedy="Write the file again, or split it into one file a model",
        )
    _say_occupancies(taken[0], report)
    symbols = symbols_of(taken[0], path)
    _say_isotopes(symbols, report)
    frames = []
    for model in taken:
        same = [r.name for r in model] == [r.name for r in taken[0]]
        frames.append(_frame(model, symbols if same else symbols_of(model, path), cellpar))
    return frames


def chosen(records: Sequence[Record], report: Report) -> list[Record]:
    """Return the records with one place for each atom, in their order.

    Where a residue has alternate locations, those of one letter are taken: of the residue name
    with the largest occupancy, the letter that has places for most atoms, then the one with the
    largest occupancy, then the first. Letters that no atom has in common are independent. An atom
    that has no place of this letter keeps its best one. Deuterium and hydrogen of one name, as
    neutrons see them at exchanged sites, are one atom.
    """
    if not any(record.alternate for record in records):
        return list(records)
    places: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        if record.alternate:
            places[record.place].append(number)
    dropped: set[int] = set()
    told: list[str] = []
    for members in places.values():
        lost = _left_out([records[n] for n in members])
        if lost:
            kept = [records[n] for k, n in enumerate(members) if k not in lost]
            letters = "".join(sorted({record.alternate for record in kept}))
            told.append(f"{letters} of {kept[0].label()}")
        dropped |= {members[k] for k in lost}
    if told:
        more = f" and {len(told) - LISTED} more" if len(told) > LISTED else ""
        report(
            f"Alternate locations: {len(dropped)} places are left out; taken are "
            f"{', '.join(told[:LISTED])}{more}"
        )
    return [record for number, record in enumerate(records) if number not in dropped]


def _left_out(records: Sequence[Record]) -> set[int]:
    """Return which records of one residue, all with letters, are not taken."""
    weight: dict[str, float] = defaultdict(float)
    for record in records:
        weight[record.residue] += record.occupancy
    name = max(weight, key=weight.__getitem__)
    own = [k for k, record in enumerate(records) if record.residue == name]
    sites: dict[str, list[int]] = defaultdict(list)
    for k in own:
        sites[_site(records[k].name)].append(k)
    kept: set[int] = set()
    for letters in _independent([{records[k].alternate for k in ks} for ks in sites.values()]):
        members = [k for k in own if records[k].alternate in letters]
        best = _best(letters, [records[k] for k in members])
        for ks in sites.values():
            mine = [k for k in ks if k in members]
            if not mine:
                continue
            of_best = [k for k in mine if records[k].alternate == best]
            kept |= set(of_best) or {max(mine, key=lambda k: records[k].occupancy)}
    return set(range(len(records))) - kept


def _best(letters: set[str], records: Sequence[Record]) -> str:
    def merit(letter: str) -> tuple[int, float]:
        mine = [record for record in records if record.alternate == letter]
        names = {_site(record.name) for record in mine}
        return len(names), sum(record.occupancy for record in mine)

    return max(sorted(letters), key=merit)


def _independent(groups: Iterable[set[str]]) -> list[set[str]]:
    """Return the letters that occur together, joined where they overlap."""
    joined: list[set[str]] = []
    for group in groups:
        apart = [one for one in joined if not one & group]
        joined = [*apart, group.union(*(one for one in joined if one & group))]
    return joined


def _site(name: str) -> str:
    bare = name.lstrip("0123456789")
    return name.replace("D", "H", 1) if bare.startswith("D") else name


def symbols_of(records: Sequence[Record], path: object) -> list[str]:
    """Return the chemical symbols of records; an error names the file and the place in it."""
    found: list[str] = []
    for residue in residues(records):
        names = frozenset(record.name for record in residue)
        alone = len(residue) == 1 or (len(names) == 1 and ion(residue[0].residue) is not None)
        for record in residue:
            try:
                symbol = symbol_of(
                    record.name,
                    record.residue,
                    record.element,
                    alone=alone,
                    aligned=record.aligned,
                    amino_like=has_backbone(names),
                )
            except StructureError as error:
                error.args = (f"{path}, {record.where}: {error}",)
                raise
            found.append(symbol)
    return found


def residues(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield the records of one residue after another."""
    for _, members in groupby(records, key=lambda record: (record.place, record.residue)):
        yield list(members)


def isotopic_masses(symbols: Sequence[str]) -> np.ndarray | None:
    """Return masses in amu if D or T are among the symbols, else None."""
    marked = [k for k, symbol in enumerate(symbols) if HYDROGENS.get(symbol)]
    if not marked:
        return None
    masses = standard_masses()[[number_of(symbol) or 0 for symbol in symbols]]
    for k in marked:
        masses[k] = ISOTOPES[1, HYDROGENS[symbols[k]] or 1]
    return masses


def _frame(records: Sequence[Record], symbols: Sequence[str], cellpar: Sequence[float]) -> Atoms:
    atoms = Atoms(
        [number_of(symbol) or 0 for symbol in symbols],
        positions=[record.position for record in records],
    )
    masses = isotopic_masses(symbols)
    if masses is not None:
        atoms.set_array("masses", masses)
    atoms.set_array("atomtypes", np.array([r.name for r in records]))
    atoms.set_array("residuenames", np.array([r.residue.strip() or NO_NAME for r in records]))
    atoms.set_array("residuenumbers", np.array([r.number for r in records]))
    atoms.set_array("chainids", np.array([r.chain or "A" for r in records]))
    if any(record.insertion for record in records):
        atoms.set_array("insertioncodes", np.array([r.insertion or "." for r in records]))
    # Files with formal charges rarely have all of them: their sum is no total charge.
    if any(record.charge for record in records):
        atoms.set_initial_charges([record.charge for record in records])
    # Structures without a cell carry one of 1 Å by convention.
    if len(cellpar) == 6 and max(cellpar[:3]) > 1:
        atoms.cell = cellpar_to_cell(cellpar)
        atoms.pbc = True
    return atoms


def _say_occupancies(records: Sequence[Record], report: Report) -> None:
    partial = [r for r in records if not r.alternate and r.occupancy < 1]
    # Programs that know no occupancies write zeros everywhere.
    if partial and {r.occupancy for r in records} != {0.0}:
        report(
            f"Occupancies: {len(partial)} atoms have one below 1 and no alternate location, the "
            f"first {partial[0].name} of {partial[0].label()}; they count as present"
        )


def _say_isotopes(symbols: Sequence[str], report: Report) -> None:
    for symbol, name in (("D", "deuterium"), ("T", "tritium")):
        mass = ISOTOPES[1, HYDROGENS[symbol] or 1]
        if count := symbols.count(symbol):
            report(f"Isotopes: {count} hydrogens are {name}, of {mass:.3f} amu")


def _nothing(line: str) -> None:
    """Report nothing."""
