"""Bonds that PDB and mmCIF files name: SSBOND, LINK and CONECT, or _struct_conn.

    used      in `prepare`, beside bonds that distances tell
    said      bonds that are too long to be any: what is computed knows atoms and places alone
    ignored   hydrogen bonds and the coordination of metals, which are no bonds here

Bonds to symmetry copies are marked: their other end is not in the file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.geometry import find_mic

from sundog.topology.bonds import longest_bonds

Report = Callable[[str], None]

LISTED = 4
"""Number of bonds that a message names."""

IDENTITY = ("", "1555", "1_555")
"""Symmetry operators that leave an atom where it is."""

BONDS = ("covale", "disulf", "modres")
"""Beginnings of the kinds of _struct_conn that are bonds."""


class End(NamedTuple):
    """Atom at one end of a named bond.

    Attributes:
        chain: Name of its chain; empty where the record has none.
        number: Number of its residue.
        insertion: Insertion code of its residue.
        atom: Name of the atom.
    """

    chain: str
    number: int
    insertion: str
    atom: str


class Connection(NamedTuple):
    """Bond that a file names.

    Attributes:
        record: Kind of the record, as SSBOND.
        first: One end.
        second: Other end.
        elsewhere: Whether the ends are in different symmetry copies.
    """

    record: str
    first: End
    second: End
    elsewhere: bool = False


def connections_of_pdb_line(
    line: str, read_number: Callable[[str], int], ends: Mapping[str, End]
) -> list[Connection]:
    """Return the bonds that a record SSBOND, LINK or CONECT names.

    Args:
        line: Record.
        read_number: Function that reads the number of a residue.
        ends: Atoms by the serial number in their record.

    Raises:
        ValueError: The number of a residue cannot be read.
    """
    record = line[:6].strip()
    if record == "CONECT":
        pairs = [(line[6:11].strip(), line[a : a + 5].strip()) for a in (11, 16, 21, 26)]
        return [
            Connection(record, ends[one], ends[other])
            for one, other in pairs
            if one in ends and other in ends and one != other
        ]

    if record == "SSBOND":  # a blank between chain and number
        first, second = (
            End(
                line[at : at + 1].strip(),
                read_number(line[at + 2 : at + 6]),
                line[at + 6 : at + 7].strip(),
                "SG",
            )
            for at in (15, 29)
        )
    else:
        first, second = (
            End(
                line[at + 9 : at + 10].strip(),
                read_number(line[at + 10 : at + 14]),
                line[at + 14 : at + 15].strip(),
                line[at : at + 4].strip(),
            )
            for at in (12, 42)
        )
    copies = {
        "" if copy in IDENTITY else copy for copy in (line[59:65].strip(), line[66:72].strip())
    }
    return [Connection(record, first, second, len(copies) > 1)]


def connections_of_mmcif(rows: Iterable[Mapping[str, str]]) -> list[Connection]:
    """Return the bonds that _struct_conn names.

    Args:
        rows: Rows of the category by column; cells without a value are empty or missing.

    Raises:
        ValueError: The number of a residue cannot be read.
    """

    def end(row: Mapping[str, str], which: int) -> End:
        def either(name: str) -> str:
            return row.get(f"ptnr{which}_auth_{name}") or row.get(f"ptnr{which}_label_{name}") or ""

        return End(
            either("asym_id"),
            int(either("seq_id") or 0),
            row.get(f"pdbx_ptnr{which}_PDB_ins_code", ""),
            either("atom_id"),
        )

    found = []
    for row in rows:
        kind = row.get("conn_type_id", "").lower()
        if kind.startswith(BONDS):
            copies = {
                "" if row.get(name, "") in IDENTITY else row[name]
                for name in ("ptnr1_symmetry", "ptnr2_symmetry")
            }
            found.append(Connection(kind, end(row, 1), end(row, 2), len(copies) > 1))
    return found


def resolved(
    connections: Sequence[Connection],
    chains: Sequence[str],
    numbers: Sequence[int],
    insertions: Sequence[str],
    names: Sequence[str],
) -> list[tuple[Connection, int | None, int | None]]:
    """Return connections with the atoms at their ends; None where there is no such atom.

    A record without a chain means the only atom that fits.

    Args:
        connections: Connections of the file.
        chains: Name of each atom's chain.
        numbers: Number of each atom's residue.
        insertions: Insertion code of each atom's residue, empty without one.
        names: Name of each atom.
    """
    wanted = {end[1:] for one in connections for end in (one.first, one.second)}
    at: dict[End, int] = {}
    fitting: dict[tuple[int, str, str], list[int]] = {}
    for k, label in enumerate(zip(chains, numbers, insertions, names, strict=True)):
        if label[1:] in wanted:
            at.setdefault(End(*label), k)
            fitting.setdefault(label[1:], []).append(k)

    def atom(end: End) -> int | None:
        if end in at or end.chain:
            return at.get(end)
        several = fitting.get(end[1:], [])
        return several[0] if len(several) == 1 else None

    return [(one, atom(one.first), atom(one.second)) for one in connections]


def say_far_apart(atoms: Atoms, connections: Sequence[Connection], report: Report) -> None:
    """Report bonds that the file names and whose atoms are too far apart to be bonded.

    Args:
        atoms: Structure with names.
        connections: Bonds that its file names.
        report: Called with one line, or not at all.
    """
    arrays = atoms.arrays
    codes = arrays.get("insertioncodes", np.full(len(atoms), "."))
    columns: list[Any] = [
        arrays["chainids"].tolist(),
        arrays["residuenumbers"].tolist(),
        np.where(codes == ".", "", codes).tolist(),
        arrays["atomtypes"].tolist(),
    ]
    both = [
        (one, i, j)
        for one, i, j in resolved(connections, *columns)
        if i is not None and j is not None and i != j and not one.elsewhere
    ]
    if not both:
        return
    i, j = (np.array([pair[k] for pair in both]) for k in (1, 2))
    apart = atoms.positions[j] - atoms.positions[i]
    _, lengths = find_mic(apart, atoms.cell, atoms.pbc)  # pyright: ignore[reportArgumentType]
    longest = longest_bonds(atoms.numbers, i, j)
    far = np.flatnonzero(np.isfinite(longest) & (lengths >= longest))
    if len(far):
        told = [
            f"{both[k][0].record} {_words(both[k][0].first, arrays, both[k][1])} – "
            f"{_words(both[k][0].second, arrays, both[k][2])}, {lengths[k]:.2f} Å"
            for k in far[:LISTED].tolist()
        ]
        more = f" and {len(far) - LISTED} more" if len(far) > LISTED else ""
        report(f"{FAR_APART}: {', '.join(told)}{more}; they are computed as atoms without a bond")


FAR_APART = "Warning: bonds that the file names are too long to be any"
"""Beginning of the line about bonds that are too long."""


def _words(end: End, arrays: Mapping[str, Any], atom: int) -> str:
    residue = arrays["residuenames"][atom]
    return f"{end.atom} of {residue} {end.chain}:{end.number}{end.insertion}".replace(" :", " ")
