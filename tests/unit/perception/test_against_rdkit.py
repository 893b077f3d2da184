"""Charges of molecules and ions made by RDKit from SMILES, of which nothing but places is kept."""

from pathlib import Path

import numpy as np
import pytest

from sundog.perception.perceive import perceive
from sundog.topology.topology import make_topology

Chem = pytest.importorskip("rdkit.Chem")

SMILES = (Path(__file__).parent / "smiles.txt").read_text(encoding="utf-8").split()


@pytest.mark.slow
def test_charges_are_those_of_the_smiles():
    from rdkit.Chem import AllChem

    wrong = []
    for smiles in SMILES:
        molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
        assert AllChem.EmbedMolecule(molecule, randomSeed=7) == 0
        if AllChem.MMFFHasAllMoleculeParams(molecule):
            AllChem.MMFFOptimizeMolecule(molecule)
        else:
            AllChem.UFFOptimizeMolecule(molecule)
        numbers = np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()])
        found = perceive(make_topology(numbers, molecule.GetConformer().GetPositions()))
        whole = not (found.open_valences.any() or found.excess_valences.any())
        if found.charge != Chem.GetFormalCharge(molecule) or not whole:
            wrong.append(smiles)
    assert wrong == []
