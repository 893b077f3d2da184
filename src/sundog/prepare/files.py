"""Structures of any file as solutes: biomolecules are prepared, molecules are taken as they are."""

from pathlib import Path

from ase import Atoms

from sundog.elements import refuse_unsupported
from sundog.errors import InputError, StructureError
from sundog.hamiltonian import ElectronOptions
from sundog.io.gate import gate
from sundog.io.reading import read_structures
from sundog.io.topologies import topology_from_atoms
from sundog.perception.perceive import perceive
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.biomolecules.structures import prepare_structure
from sundog.prepare.built import Built, labelled, numbered_names

BIOMOLECULES = frozenset((".pdb", ".ent", ".cif", ".mmcif", ".pdbx"))
"""Suffixes of files whose residues are prepared."""


def built_from_file(
    path: Path, choices: StructureChoices, *, in_water: bool, seed: int = 0
) -> Built:
    """Return the structure of a file with names and formal charges.

    Args:
        path: Structure file: PDB and mmCIF files are prepared, of others all hydrogens are there.
        choices: Choices about PDB and mmCIF files.
        in_water: Whether water is put around it later.
        seed: Seed of the places of atoms that are built.

    Raises:
        FileFormatError: As for `read_structures`.
        StructureError: As for `prepare_structure` and `gate`.
        InputError: Choices about residues of a file that names none.
    """
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if suffixes & BIOMOLECULES:
        return _with_contact(prepare_structure(path, choices, in_water=in_water, seed=seed))
    if choices != StructureChoices():
        raise InputError(
            "settings of residues: they are for PDB and mmCIF files",
            got=path.name,
            remedy="Leave them out",
        )
    return _with_contact(molecule_of(path))


def _with_contact(built: Built) -> Built:
    """Return a structure whose decisions end with its closest contact, if it has one."""
    from sundog.prepare.contacts import WORDS, closest_within

    pairs = topology_from_atoms(built.atoms).pairs.tolist()
    contact = closest_within(built.atoms.positions, [(i, j) for i, j in pairs])
    if contact is None:
        return built
    return Built(built.atoms, (*built.decisions, f"{WORDS} is {contact.describe(built.atoms)}"))


def molecule_of(path: Path) -> Built:
    """Return the one structure of a file as it is, with names where it has none, and no cell.

    Args:
        path: Structure file of any format, with all its hydrogens.

    Raises:
        FileFormatError: As for `read_structures`.
        StructureError: The structure does not pass the gate, or has unpaired electrons.
        InputError: The file holds several structures.
    """
    decisions: list[str] = []
    if path.suffix.lower() == ".mol2":
        from sundog.prepare.mol2 import read_mol2

        frames = [read_mol2(path, decisions.append)]
    else:
        frames = read_structures(path, report=decisions.append)
    if len(frames) != 1:
        raise InputError(
            f"{path}: one structure is needed",
            got=f"{len(frames)} structures",
            remedy="Write the one that is meant to a file of its own",
        )
    (atoms,) = frames
    refuse_unsupported(atoms.numbers)
    passed = gate(atoms, ElectronOptions())
    charges, state = perceive(passed.topology).charges, passed.state
    decisions += [f"{path.name}: {line}" for line in (*passed.said, state.describe())]
    if state.multiplicity != 1 or state.charge != charges.sum():
        raise StructureError(
            f"{path}: a molecule with unpaired electrons or a charge that its valences do not make",
            got=f"{state.describe()}; by valences {int(charges.sum()):+d}",
            remedy="Simulate it as it is; only other molecules are put into water and boxes",
        )
    if atoms.pbc.any():
        decisions.append("Cell: that of the file is not kept")
    plain = Atoms(atoms.numbers, atoms.positions)
    if atoms.has("masses"):
        plain.set_array("masses", atoms.get_masses())
    known, size = atoms.arrays, len(atoms)
    numbers = known.get("residuenumbers")
    return Built(
        labelled(
            plain,
            names=list(known.get("atomtypes", numbered_names(atoms.get_chemical_symbols()))),
            residue_names=list(known.get("residuenames", ["MOL"] * size)),
            residue_numbers=[1] * size if numbers is None else numbers.tolist(),
            formal_charges=charges.tolist(),
            chains=list(known["chainids"]) if "chainids" in known else None,
        ),
        tuple(decisions),
    )
