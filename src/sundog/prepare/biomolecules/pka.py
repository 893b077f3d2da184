"""pKa values of the side chains of a protein, by PROPKA.

Olsson, Søndergaard, Rostkowski, Jensen, J. Chem. Theory Comput. 7, 525 (2011),
doi:10.1021/ct100578z.
"""

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sundog.prepare.biomolecules.arrays import LETTERS, listed, residue_index, residues
from sundog.prepare.biomolecules.choices import Place
from sundog.prepare.biomolecules.protonation import MODEL_PKA
from sundog.prepare.extras import require

Report = Callable[[str], None]

PURPOSE = "pKa values of a structure"
"""Purpose of PROPKA, in messages."""

SHIFTED = 1.5
"""Difference from the value of the free group from which a pKa is said."""


def propka_values(array: Any, report: Report) -> dict[Place, float]:
    """Return the pKa values of the side chains that can be charged.

    Args:
        array: Heavy atoms, a biotite `AtomArray`.
        report: Called with a line about values far from those of the free groups.
    """
    run = require("propka.run", PURPOSE)
    pdb = require("biotite.structure.io.pdb", PURPOSE)
    # PDB has one letter for a chain, and PROPKA no insertion codes.
    numbered, index = array.copy(), residue_index(array)
    chains = list(dict.fromkeys(array.chain_id.tolist()))
    numbered.chain_id = np.array(
        [LETTERS[chains.index(one) % len(LETTERS)] for one in array.chain_id.tolist()]
    )
    numbered.res_id, numbered.ins_code = index + 1, np.full(len(array), "")
    places = [place for place, _, _ in residues(array)]
    file = pdb.PDBFile()
    file.set_structure(numbered)
    logging.getLogger("propka").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structure.pdb"
        path.write_text(str(file) + "\nEND\n", encoding="ascii")
        with contextlib.redirect_stdout(io.StringIO()):
            molecule = run.single(str(path), write_pka=False)
    found, shifted = {}, []
    for group in molecule.conformations["AVR"].groups:
        name = str(group.residue_type)
        if name in MODEL_PKA and group.pka_value is not None:
            place = places[int(group.atom.res_num) - 1]
            found[place] = float(group.pka_value)
            if abs(group.pka_value - MODEL_PKA[name]) > SHIFTED:
                shifted.append(f"{name} {place} {group.pka_value:.1f}")
    line = f"pKa values by PROPKA for {len(found)} residues"
    report(f"{line}; far from the free groups: {listed(shifted)}" if shifted else line)
    return found
