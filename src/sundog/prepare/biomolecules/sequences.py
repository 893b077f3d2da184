"""Sequences of the chains of PDB and mmCIF files, with the residues that were not seen."""

from pathlib import Path

from sundog.io.text import read_text
from sundog.prepare.extras import require


def sequences_of_file(path: Path) -> dict[str, list[str]]:
    """Return the residue names of each chain, from SEQRES or `_pdbx_poly_seq_scheme`.

    Args:
        path: PDB or mmCIF file; chains carry the names that the reader of structures gives them.
    """
    text = read_text(path)
    if "_atom_site." in text:
        return _of_mmcif(text)
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("SEQRES"):
            found.setdefault(line[11:12].strip() or "A", []).extend(line[19:].split())
    return found


def _of_mmcif(text: str) -> dict[str, list[str]]:
    cif = require("biotite.structure.io.pdbx", "reading the sequences of an mmCIF file")
    block = cif.CIFFile.deserialize(text).block
    scheme = block.get("pdbx_poly_seq_scheme")
    if scheme is None:
        return {}
    found: dict[str, list[str]] = {}
    seen = set()
    columns = ("pdb_strand_id", "seq_id", "mon_id")
    rows = zip(*(scheme[name].as_array(str).tolist() for name in columns), strict=True)
    for chain, number, name in rows:
        if (chain, number) not in seen:  # of several residues at one place the first counts
            seen.add((chain, number))
            found.setdefault(chain, []).append(name)
    return found
