"""Structure files of biomolecules that are prepared."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sundog.errors import InputError, StructureError, UnsupportedElementError
from sundog.io.topologies import topology_from_atoms
from sundog.perception.valences import check_valences
from sundog.prepare.biomolecules.choices import Place, StructureChoices
from sundog.prepare.biomolecules.structures import prepare_structure
from sundog.prepare.peptides.sequences import build_sequence

pytestmark = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("biotite", "hydride", "openmm", "pdbfixer")),
    reason="needs sundog[prepare]",
)

GLYCAN = Path(__file__).parent / "data" / "glycan_1gya.pdb"


def pdb(path, atoms, without=lambda name, number: False, seqres=(), rename=None):
    """Write heavy atoms of a structure as a PDB file; return its path."""
    arrays, lines = atoms.arrays, []
    if seqres:
        lines.append(f"SEQRES   1 A{len(seqres):5d}  {' '.join(seqres)}")
    for k, symbol in enumerate(atoms.get_chemical_symbols()):
        name, number = str(arrays["atomtypes"][k]), int(arrays["residuenumbers"][k])
        if symbol == "H" or without(name, number):
            continue
        residue = str(arrays["residuenames"][k])
        residue = (rename or {}).get(number, residue)
        x, y, z = atoms.positions[k]
        lines.append(
            f"ATOM  {k + 1:5d}  {name:<3} {residue:>3} A{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}"
            f"  1.00  0.00          {symbol:>2}"
        )
    path.write_text("\n".join([*lines, "END", ""]))
    return path


def same_molecule(atoms, other):
    """Compare formula, charge and the charge of every residue."""
    assert Counter(atoms.get_chemical_symbols()) == Counter(other.get_chemical_symbols())
    assert atoms.info["charge"] == other.info["charge"]
    for one in (atoms, other):
        check_valences(one, topology_from_atoms(one))

    def of_residues(one):
        numbers = one.arrays["residuenumbers"]
        return np.bincount(numbers, one.arrays["formal_charges"], minlength=numbers.max() + 1)

    assert of_residues(atoms).tolist() == of_residues(other).tolist()


@pytest.mark.parametrize(
    "sequence",
    [
        "ACE-ALA-LYS-ASP-NME",
        "ACE-ARG-GLU-TYR-CYS-NME",
        "ACE-HIS-PRO-SER-TRP-NME",
        "ACE-ASN-GLN-MET-PHE-THR-NME",
    ],
)
def test_hydrogens_are_those_of_the_sequence(sequence, tmp_path):
    built = build_sequence(sequence)
    prepared = prepare_structure(pdb(tmp_path / "p.pdb", built.atoms))
    same_molecule(prepared.atoms, built.atoms)


@pytest.mark.parametrize("termini", ["charged", "neutral"])
def test_ends_are_charged_or_neutral_as_asked(termini, tmp_path):
    built = build_sequence("GLY-ALA-VAL", termini=termini)
    file = pdb(tmp_path / "p.pdb", built.atoms)
    prepared = prepare_structure(file, StructureChoices(termini=termini))
    same_molecule(prepared.atoms, built.atoms)
    ends = "NH3+" if termini == "charged" else "NH2"
    assert any(f"Ends of chains: {ends}" in line for line in prepared.decisions)


def test_ends_are_charged_in_water_and_neutral_without(tmp_path):
    file = pdb(tmp_path / "p.pdb", build_sequence("GLY-ALA-VAL").atoms)
    charges = [
        np.abs(prepare_structure(file, in_water=wet).atoms.arrays["formal_charges"]).sum()
        for wet in (True, False)
    ]
    assert charges == [2, 0]


@pytest.mark.parametrize(
    ("state", "hydrogens"), [("HID", {"HD1"}), ("HIE", {"HE2"}), ("HIP", {"HD1", "HE2"})]
)
def test_histidine_is_protonated_as_asked(state, hydrogens, tmp_path):
    file = pdb(tmp_path / "p.pdb", build_sequence("ACE-HIS-NME").atoms)
    atoms = prepare_structure(file, StructureChoices(protonation=(f"A:2={state}",))).atoms
    assert hydrogens == {"HD1", "HE2"} & set(atoms.arrays["atomtypes"].tolist())
    assert atoms.info["charge"] == int(state == "HIP")


def test_the_ph_decides(tmp_path):
    file = pdb(tmp_path / "p.pdb", build_sequence("ACE-ASP-HIS-LYS-NME").atoms)
    charges = [
        prepare_structure(file, StructureChoices(ph=ph)).atoms.info["charge"]
        for ph in (2.0, 5.0, 7.0, 13.0)
    ]
    assert charges == [2, 1, 0, -1]


def test_missing_side_chains_are_built_where_nothing_else_moves(tmp_path):
    whole = build_sequence("ACE-ALA-LYS-PHE-NME").atoms
    cut = pdb(
        tmp_path / "p.pdb",
        whole,
        without=lambda name, number: number in (3, 4) and name not in ("N", "CA", "C", "O", "CB"),
    )
    prepared = prepare_structure(cut)
    same_molecule(prepared.atoms, whole)
    assert any("Heavy atoms built: LYS A:3" in line for line in prepared.decisions)
    names = list(
        zip(
            prepared.atoms.arrays["residuenumbers"], prepared.atoms.arrays["atomtypes"], strict=True
        )
    )
    for k, label in enumerate(
        zip(whole.arrays["residuenumbers"], whole.arrays["atomtypes"], strict=True)
    ):
        if label[1] in ("N", "CA", "C", "O", "CB"):
            moved = prepared.atoms.positions[names.index(label)] - whole.positions[k]
            assert np.abs(moved).max() < 2e-3  # the file has three decimals


def test_loops_are_built_from_the_sequence_or_refused(tmp_path):
    names = ["GLY", "ALA", "SER", "GLY", "ALA", "VAL", "GLY"]
    whole = build_sequence("-".join(names)).atoms
    file = pdb(tmp_path / "p.pdb", whole, lambda name, number: number in (3, 4), names)
    prepared = prepare_structure(file, StructureChoices(relax="amber"))
    same_molecule(prepared.atoms, whole)
    assert any("2 residues between A:2 and 5 are built" in line for line in prepared.decisions)
    broken = pdb(tmp_path / "b.pdb", whole, lambda name, number: number in (3, 4))
    with pytest.raises(StructureError, match="ends at ALA A:2 without an atom OXT"):
        prepare_structure(broken)
    left = prepare_structure(broken, StructureChoices(loops="leave"))
    assert list(left.atoms.arrays["atomtypes"]).count("OXT") == 2
    check_valences(left.atoms, topology_from_atoms(left.atoms))


def test_a_loop_that_does_not_fit_is_refused(tmp_path):
    # In a helix the ends are too near each other for PDBFixer.
    names = ["GLY", "ALA", "SER", "GLY", "ALA", "VAL", "GLY"]
    whole = build_sequence("-".join(names), helix=True).atoms
    file = pdb(tmp_path / "p.pdb", whole, lambda name, number: number in (3, 4), names)
    with pytest.raises(StructureError, match='relax="amber"'):
        prepare_structure(file)
    made = prepare_structure(file, StructureChoices(relax="amber"))
    same_molecule(made.atoms, whole)
    assert any(line.startswith("Relaxed with Amber") for line in made.decisions)


def test_a_sugar_on_asparagine_loses_the_hydrogens_of_its_bond():
    prepared = prepare_structure(GLYCAN, StructureChoices(termini="neutral"))
    atoms = prepared.atoms
    names, residues = atoms.arrays["atomtypes"], atoms.arrays["residuenames"]
    nag = names[residues == "NAG"].tolist()
    assert "O1" not in nag
    assert nag.count("C1") == 1
    assert len(nag) == 28  # of the 30 of the sugar, less the hydroxyl of the bond
    assert sum(n.startswith("HD2") for n in names[residues == "ASN"].tolist()) == 1
    assert any("ND2 of ASN A:65 – C1 of NAG B:1" in line for line in prepared.decisions)


def test_the_same_file_gives_the_same_bytes(tmp_path):
    names = ["GLY", "ALA", "SER", "GLY", "ALA", "VAL", "GLY"]
    whole = build_sequence("-".join(names)).atoms
    cut = pdb(tmp_path / "p.pdb", whole, lambda name, number: number in (3, 4), names)
    amber = StructureChoices(relax="amber")
    first, second = (prepare_structure(cut, amber, seed=3) for _ in range(2))
    assert first.atoms.positions.tobytes() == second.atoms.positions.tobytes()
    assert first.decisions == second.decisions


def test_a_loop_of_mirror_images_is_refused(tmp_path):
    names = ["GLY", "ALA", "SER", "GLY", "ALA", "VAL", "GLY"]
    whole = build_sequence("-".join(names)).atoms
    cut = pdb(tmp_path / "p.pdb", whole, lambda name, number: number in (3, 4), names)
    with pytest.raises(StructureError, match=r"mirror images \(got SER A:3\)"):
        prepare_structure(cut, seed=3)


def test_selenomethionine_becomes_methionine_where_asked(tmp_path):
    whole = build_sequence("ACE-MET-NME").atoms
    text = pdb(tmp_path / "p.pdb", whole, rename={2: "MSE"}).read_text()
    text = text.replace(" SD  MSE", "SE   MSE").replace("           S\n", "          SE\n")
    (tmp_path / "p.pdb").write_text(text)
    with pytest.raises(UnsupportedElementError, match="Se of MSE A:2"):
        prepare_structure(tmp_path / "p.pdb")
    made = prepare_structure(tmp_path / "p.pdb", StructureChoices(standardise=True))
    same_molecule(made.atoms, whole)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"chains": ("Q",)}, "chains: the file has none of this name"),
        ({"remove": ("SO4",)}, "remove: the file has none of this name"),
        ({"frame": 2}, "frame: the file has no structure of this number"),
        ({"protonation": ("A:99=HID",)}, "there is none of this number"),
        ({"protonation": ("A:2=HID",)}, "has no other states|has no such state"),
    ],
)
def test_choices_that_do_not_fit_are_refused(choices, words, tmp_path):
    file = pdb(tmp_path / "p.pdb", build_sequence("ACE-LYS-NME").atoms)
    with pytest.raises(InputError, match=words):
        prepare_structure(file, StructureChoices(**choices))


@pytest.mark.parametrize(
    "choices",
    [
        {"protonation": ("A:57=XYZ",)},
        {"protonation": ("HID",)},
        {"ph": 20.0},
        {"ligands": ("LIG",)},
        {"charges": ("A:1",)},
    ],
)
def test_choices_that_cannot_be_read_are_refused(choices):
    with pytest.raises(InputError):
        StructureChoices(**choices)


def test_residues_are_named_by_chain_and_number():
    assert Place.parse("B:-5A") == Place("B", -5, "A")
    assert str(Place.parse("12")) == "A:12"


def test_a_residue_that_is_not_known_needs_its_smiles(tmp_path):
    from sundog.prepare.molecules import build_smiles

    pytest.importorskip("rdkit")
    atoms = build_smiles("CC(=O)Nc1ccc(O)cc1").atoms
    file = pdb(tmp_path / "p.pdb", atoms, rename={1: "QQ1"})
    with pytest.raises(StructureError, match="QQ1"):
        prepare_structure(file)
    given = StructureChoices(ligands=("QQ1=CC(=O)Nc1ccc(O)cc1",))
    assert len(prepare_structure(file, given).atoms) == len(atoms)
    with pytest.raises(InputError, match="is not that of the residue"):
        prepare_structure(file, StructureChoices(ligands=("QQ1=CCO",)))


def component(path, name, without=(), ph=7.0):
    """Write a component of the dictionary as a file; return its prepared structure."""
    from biotite.structure.info import residue

    one = residue(name)
    lines = [
        f"HETATM{k + 1:5d} {n:<4} {name:>3} A   1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
        f"          {e:>2}"
        for k, (n, e, (x, y, z)) in enumerate(
            zip(one.atom_name, one.element, one.coord, strict=True)
        )
        if e != "H" and n not in without
    ]
    path.write_text("\n".join([*lines, "END", ""]))
    return prepare_structure(path, StructureChoices(ph=ph))


@pytest.mark.parametrize(
    ("name", "ph", "charge"),
    [
        ("ACT", 7.0, -1),  # acetate
        ("ACT", 3.0, 0),
        ("SO4", 7.0, -2),
        ("PO4", 7.0, -2),
        ("PO4", 4.0, -1),
        ("PO4", 13.0, -3),
        ("NH4", 7.0, 1),
        ("CHT", 7.0, 1),  # choline
        ("TRS", 7.0, 1),  # an amine
        ("TRS", 11.0, 0),
        ("NO3", 7.0, -1),
        ("EDO", 7.0, 0),
        ("AMP", 7.0, -2),
        ("NAG", 7.0, 0),
    ],
)
def test_groups_of_ligands_are_charged_after_the_ph(name, ph, charge, tmp_path):
    prepared = component(tmp_path / "l.pdb", name, ph=ph)
    assert prepared.atoms.info["charge"] == charge
    check_valences(prepared.atoms, topology_from_atoms(prepared.atoms))
    assert bool(charge) == any(line.startswith("Charged groups") for line in prepared.decisions)


@pytest.mark.parametrize(("name", "lost"), [("NAG", "O6"), ("EDO", "O2"), ("CHT", "C5")])
def test_a_ligand_without_a_heavy_atom_is_refused(name, lost, tmp_path):
    with pytest.raises(StructureError, match=f"cannot be built.*{lost} of {name} A:1"):
        component(tmp_path / "l.pdb", name, without=(lost,))


def test_names_of_ends_are_no_states(tmp_path):
    whole = build_sequence("LYS-ALA-ASP", termini="charged").atoms
    text = pdb(tmp_path / "p.pdb", whole).read_text()
    (tmp_path / "p.pdb").write_text(text.replace(" LYS A", "NLYS A").replace(" ASP A", "CASP A"))
    prepared = prepare_structure(tmp_path / "p.pdb", StructureChoices(termini="charged"))
    same_molecule(prepared.atoms, whole)


LINK = "LINK        {:<4} {} {}{:>4}                {:<4} {} {}{:>4}     1555   1555  1.45\n"


def linked(path, *record, moved=0.0):
    """Write the glycan with a record, its sugar moved away from the chain; return the file."""
    lines = [LINK.format(*record)]
    for line in GLYCAN.read_text().splitlines(keepends=True):
        if moved and line.startswith(("ATOM", "HETATM")) and line[21] == "B":
            # From ND2 of ASN 65 to C1 of NAG 1.
            x = [float(line[k : k + 8]) for k in (30, 38, 46)] + moved * DIRECTION
            line = line[:30] + "".join(f"{one:8.3f}" for one in x) + line[54:]
        lines.append(line)
    path.write_text("".join(lines))
    return path


def _direction():
    places = {
        (line[21], int(line[22:26]), line[12:16].strip()): np.array(
            [float(line[k : k + 8]) for k in (30, 38, 46)]
        )
        for line in GLYCAN.read_text().splitlines()
        if line.startswith(("ATOM", "HETATM"))
    }
    bond = places["B", 1, "C1"] - places["A", 65, "ND2"]
    return bond / np.linalg.norm(bond)


DIRECTION = _direction()
"""Direction of the bond from asparagine to the sugar."""

NAMED = ("ND2", "ASN", "A", 65, "C1", "NAG", "B", 1)


def test_bonds_that_the_file_names_are_compared_with_distances(tmp_path):
    neutral = StructureChoices(termini="neutral")
    path = tmp_path / "p.pdb"
    told = prepare_structure(linked(path, *NAMED), neutral).decisions
    assert not any("does not name it" in line for line in told)
    other = prepare_structure(linked(path, "NZ", "LYS", "A", 64, "O6", "NAG", "B", 1), neutral)
    words = "ND2 of ASN A:65 – C1 of NAG B:1 (by distance, the file does not name it)"
    assert any(words in line for line in other.decisions)
    assert any("too long and not made: LINK NZ of LYS A:64" in one for one in other.decisions)
    lost = prepare_structure(linked(path, "NZ", "LYS", "A", 64, "FE", "HEC", "A", 9), neutral)
    assert any("atoms that are not taken: LINK NZ of A:64" in line for line in lost.decisions)


def test_a_named_bond_too_long_for_one_and_too_short_for_none_is_refused(tmp_path):
    file = linked(tmp_path / "p.pdb", *NAMED, moved=0.5)
    with pytest.raises(StructureError, match=r'too short for none.*named_bonds="ignore"'):
        prepare_structure(file, StructureChoices(termini="neutral"))
    ignored = StructureChoices(termini="neutral", named_bonds="ignore", remove=("NAG",))
    assert prepare_structure(file, ignored).atoms.info["charge"] == 1
    made = prepare_structure(file, StructureChoices(termini="charged", relax="amber"))
    names, residues = (made.atoms.arrays[k] for k in ("atomtypes", "residuenames"))
    ends = [
        np.flatnonzero((names == name) & (residues == residue))[0]
        for name, residue in (("ND2", "ASN"), ("C1", "NAG"))
    ]
    assert made.atoms.get_distance(*ends) < 1.6
    assert any("made as the file names them: LINK" in line for line in made.decisions)


def test_an_end_that_is_built_is_a_carboxylate(tmp_path):
    whole = build_sequence("GLY-ALA-VAL", termini="charged").atoms
    file = pdb(tmp_path / "p.pdb", whole, lambda name, number: name == "OXT")
    made = prepare_structure(file, StructureChoices(termini="charged")).atoms
    names, numbers = made.arrays["atomtypes"], made.arrays["residuenumbers"]
    at = {name: np.flatnonzero((names == name) & (numbers == 3))[0] for name in ("O", "C", "OXT")}
    assert made.get_distance(at["C"], at["OXT"]) == pytest.approx(1.25, abs=1e-3)
    assert made.get_angle(at["O"], at["C"], at["OXT"]) == pytest.approx(122, abs=4)
