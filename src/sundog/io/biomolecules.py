"""PDB and mmCIF files, with the names of their atoms, residues and chains.

What of a file is used, carried, said and refused stands in `records.py`, but for

    used   CRYST1 or _cell; MODEL; the segment as chain where there is none
    said   a space group other than P 1: the file holds one asymmetric unit; residues that were
           not seen (REMARK 465); modified residues (MODRES); biological assemblies that are more
           or less than what is in the file (REMARK 350, _pdbx_struct_assembly_gen); named bonds
           that are too long (`connections.py`); structures without hydrogens

`prepare` leaves out residues of the contents, and builds assemblies, before they become structures.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from ase import Atoms

from sundog.io.connections import say_far_apart
from sundog.io.contents import Contents
from sundog.io.records import frames_of

Report = Callable[[str], None]

NO_SYMMETRY = ("", "P1", "1", "P1-")
"""Space groups that leave nothing to build, or say nothing; without blanks."""

CRYSTAL = "Warning: the file holds one asymmetric unit of a crystal"
"""Beginning of the line about a crystal."""

NO_HYDROGENS = "Warning: there is no hydrogen in the structure"
"""Beginning of the line about a structure without hydrogens."""

ASSEMBLY = "Biological assemblies of what is in the file:"
"""Beginning of the line about biological assemblies."""


def structures_of(contents: Contents, path: Path, report: Report) -> list[Atoms]:
    """Return the models of a file of biomolecules.

    Args:
        contents: Contents of the file.
        path: Its path, for messages.
        report: Called with a line about everything that was chosen or left out.

    Raises:
        FileFormatError: There are no atoms, or the models differ in length.
        StructureError: The element of an atom cannot be told, or it is a virtual site.
    """
    frames = frames_of(contents.models, contents.cellpar, path, report)
    for said in contents.told:
        report(said)
    say_assemblies(contents, report)
    say_far_apart(frames[0], contents.connections, report)
    _say_more(frames[0], contents.group, contents.missing, report)
    return frames


def say_assemblies(contents: Contents, report: Report) -> None:
    """Report the assemblies unless there is one, which is what is in the file.

    Args:
        contents: Contents of the file.
        report: Called with one line, or not at all.
    """
    parts = frozenset(one.part for one in contents.models[0])
    several = contents.assemblies
    if not several or (len(several) == 1 and several[0].is_file(parts)):
        return
    told = ", ".join(f"number {one.name} of {_copies(one.copies)}" for one in several)
    report(f"{ASSEMBLY} {told}; the file is taken as it is")


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count} copies"


def _say_more(atoms: Atoms, group: str, missing: int, report: Report) -> None:
    if atoms.pbc.any() and group.replace(" ", "") not in NO_SYMMETRY:
        report(
            f"{CRYSTAL}, space group {group}, which "
            "is repeated with the cell and without its symmetry copies. Build the unit cell, or "
            "remove the cell"
        )
    if missing:
        report(f"Missing residues: {missing} were not seen and are not in the file")
    say_no_hydrogens(atoms, report)


def say_no_hydrogens(atoms: Atoms, report: Report) -> None:
    """Report a structure with carbon or nitrogen, and no hydrogen at all."""
    kinds: Sequence[int] = atoms.numbers.tolist()
    if 1 not in kinds and {6, 7} & set(kinds):
        report(
            f"{NO_HYDROGENS}. If the file leaves them out, add them, as with pdbfixer or hydride"
        )
