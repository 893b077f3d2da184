"""The part of a PDB or mmCIF file that is prepared: model, chains, residues, assembly.

Residues are left out before their elements are looked at, so that one of unknown atoms (UNX, UNL)
can be.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ase import Atoms

from sundog.errors import FileFormatError, InputError, StructureError
from sundog.io.assemblies import (
    ASYMMETRIC,
    Assembly,
    assembled,
    chosen_assembly,
    copied_connections,
)
from sundog.io.biomolecules import ASSEMBLY, CRYSTAL, NO_HYDROGENS, say_assemblies, structures_of
from sundog.io.connections import FAR_APART, Connection
from sundog.io.contents import Contents
from sundog.io.reading import biomolecule_contents, chosen_frame, describe_choice
from sundog.io.records import NO_NAME, Record
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.topology.residue_names import CAPS, NUCLEOTIDES, SIDE_CHAINS, VARIANTS, WATERS

Report = Callable[[str], None]

STANDARD = frozenset((*SIDE_CHAINS, *VARIANTS, *NUCLEOTIDES, *WATERS, *CAPS))
"""Names of residues that are not said."""


class Selected(NamedTuple):
    """Part of a file that is prepared.

    Attributes:
        atoms: Structure without a cell.
        connections: Bonds that the file names.
    """

    atoms: Atoms
    connections: list[Connection]


def selected(path: Path, choices: StructureChoices, report: Report) -> Selected:
    """Return the part of a file that is wanted.

    Args:
        path: PDB or mmCIF file.
        choices: Choices about it.
        report: Called with a line about everything that was chosen or left out.

    Raises:
        FileFormatError: The file cannot be read, or is of another format.
        InputError: A choice does not fit the file.
        StructureError: An element cannot be told, or nothing is left.
    """
    contents = biomolecule_contents(path)
    if contents is None:
        raise FileFormatError(
            f"{path}: the file names no atoms and residues",
            expected="a PDB or mmCIF file",
            remedy="Give molecules without residues as SMILES, or simulate the file as it is",
        )
    count = len(contents.models)
    number = chosen_frame(count, choices.frame, is_first=True)
    if count > 1:
        asked = choices.frame if choices.frame != StructureChoices().frame else None
        report(f"Models: {describe_choice(number, count, asked)}")
    records = _wanted(contents.models[number], choices, report)
    assembly = _assembly(contents, choices, report)
    connections = contents.connections
    if assembly is not None:
        records = assembled(records, assembly, report)
        connections = copied_connections(connections, assembly)
    if not records:
        raise StructureError(
            "structure: no atoms are left", remedy="Check `chains`, `remove` and `assembly`"
        )
    contents = contents._replace(models=[records], connections=connections)

    def say(line: str) -> None:
        """Report a line of the reader unless it is about what is mended or said here."""
        if not line.startswith((CRYSTAL, NO_HYDROGENS, ASSEMBLY, FAR_APART)):
            report(line)

    (atoms,) = structures_of(contents, path, say)
    if atoms.pbc.any():
        report(
            "Cell: that of the file is not kept; it holds one asymmetric unit of a crystal, or the "
            "water of an earlier simulation"
        )
    atoms.set_cell(None)
    atoms.pbc = False
    return Selected(atoms, connections)


def _wanted(records: Sequence[Record], choices: StructureChoices, report: Report) -> list[Record]:
    """Return the records of the chains and residues that are wanted."""
    for wanted, there, field in (
        (choices.chains, {_chain(one) for one in records}, "chains"),
        (choices.remove, {_residue(one) for one in records}, "remove"),
    ):
        strange = [one for one in wanted if one not in there]
        if strange:
            raise InputError(
                f"{field}: the file has none of this name",
                got=" ".join(strange),
                expected=" ".join(sorted(there)),
            )
    kept = [
        one
        for one in records
        if (not choices.chains or _chain(one) in choices.chains)
        and _residue(one) not in choices.remove
    ]
    if choices.chains:
        report(f"Chains: {' '.join(choices.chains)} are taken, as asked")
    if choices.remove:
        report(f"Left out, as asked: {' '.join(choices.remove)}")
    others = sorted({_residue(one) for one in kept} - STANDARD)
    if others:
        report(f"Residues other than amino acids, nucleotides and water: {' '.join(others)}; kept")
    return kept


def _chain(record: Record) -> str:
    return record.chain or "A"


def _residue(record: Record) -> str:
    return record.residue.strip() or NO_NAME


def _assembly(contents: Contents, choices: StructureChoices, report: Report) -> Assembly | None:
    """Return the assembly that is built, or None for what is in the file."""
    if choices.assembly == ASYMMETRIC:
        report("Biological assembly: none, what is in the file is taken, as asked")
        return None
    if choices.assembly is not None:
        return chosen_assembly(contents.assemblies, choices.assembly)
    say_assemblies(
        contents,
        lambda line: report(f'{line}; assembly="{contents.assemblies[0].name}" builds the first'),
    )
    return None
