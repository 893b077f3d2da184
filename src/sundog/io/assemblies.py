"""Biological assemblies that PDB and mmCIF files describe, and their copies of what is in the file.

REMARK 350 and _pdbx_struct_assembly_gen list operators x → R x + t for chains. Copies of a chain
are named after it and their operator, A-2.

    left out   residues of copies that stand on an axis of symmetry, where they are there already
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from sundog.errors import InputError
from sundog.io.connections import Connection, End
from sundog.io.records import Record

Report = Callable[[str], None]

COINCIDENT = 0.5
"""Distance in Å below which an atom of a copy is the one that is there already."""

ASYMMETRIC = "asymmetric"
"""Choice of what is in the file."""

RANGE = re.compile(r"(\w+)-(\w+)")
"""Several operators, as 1-60."""


class Operator(NamedTuple):
    """Rotation and translation.

    Attributes:
        name: Name that the file has for it.
        matrix: Rotation R and translation t in Å, side by side.
    """

    name: str
    matrix: Float[np.ndarray, "3 4"]

    @property
    def is_identity(self) -> bool:
        """Whether it leaves atoms where they are."""
        return bool(np.allclose(self.matrix, np.eye(3, 4), atol=1e-6))


class Part(NamedTuple):
    """Chains and the operators that make their copies.

    Attributes:
        chains: Names of the chains: of the author in PDB, labels in mmCIF files.
        operators: Operators, one for each copy.
    """

    chains: frozenset[str]
    operators: tuple[Operator, ...]


class Assembly(NamedTuple):
    """Biological assembly.

    Attributes:
        name: Its number.
        parts: Parts that it is made of.
    """

    name: str
    parts: tuple[Part, ...]

    @property
    def copies(self) -> int:
        """Number of copies of the chain that has most."""
        counts = [
            sum(len(part.operators) for part in self.parts if chain in part.chains)
            for chain in frozenset[str]().union(*(part.chains for part in self.parts))
        ]
        return max(counts, default=0)

    def is_file(self, chains: frozenset[str]) -> bool:
        """Return whether it is what is in a file of these chains."""
        alone = all(one.is_identity for part in self.parts for one in part.operators)
        return (
            alone
            and self.copies == 1
            and chains <= frozenset().union(*(part.chains for part in self.parts))
        )


def assemblies_of_pdb(lines: Sequence[str]) -> list[Assembly]:
    """Return the assemblies of the REMARK 350 records of a PDB file.

    Raises:
        ValueError: A number cannot be read.
    """
    found: list[tuple[str, list[tuple[list[str], dict[str, list[list[float]]]]]]] = []
    for line in lines:
        text = line[10:80].strip()
        if match := re.fullmatch(r"BIOMOLECULE:\s*(\S+).*", text):
            found.append((match.group(1).rstrip(","), []))
        elif not found:
            continue
        elif match := re.fullmatch(r"(APPLY THE FOLLOWING TO|AND) CHAINS:(.*)", text):
            if match.group(1) != "AND":
                found[-1][1].append(([], {}))
            if found[-1][1]:
                names = match.group(2).replace(",", " ").split()
                found[-1][1][-1][0].extend("" if name == "NULL" else name for name in names)
        elif text.startswith("BIOMT") and found[-1][1]:
            _, name, *row = text.split()
            found[-1][1][-1][1].setdefault(name, []).append([float(one) for one in row])
    return [
        Assembly(
            name,
            tuple(
                Part(
                    frozenset(chains),
                    tuple(Operator(k, _matrix(rows)) for k, rows in operators.items()),
                )
                for chains, operators in parts
            ),
        )
        for name, parts in found
    ]


def assemblies_of_mmcif(
    generators: Sequence[Mapping[str, str]], operators: Sequence[Mapping[str, str]]
) -> list[Assembly]:
    """Return the assemblies of an mmCIF file.

    Args:
        generators: Rows of _pdbx_struct_assembly_gen by column.
        operators: Rows of _pdbx_struct_oper_list by column.

    Raises:
        ValueError: An operator cannot be read, or is not there.
    """
    known = {
        row["id"]: _matrix(
            [
                [float(row[f"matrix[{a}][{b}]"]) for b in (1, 2, 3)] + [float(row[f"vector[{a}]"])]
                for a in (1, 2, 3)
            ]
        )
        for row in operators
    }
    found: dict[str, list[Part]] = {}
    for row in generators:
        made = []
        for names in _combinations(row["oper_expression"]):
            matrix = np.eye(3, 4)
            for name in reversed(names):  # the last one of a product acts first
                if name not in known:
                    raise ValueError(f"no operator {name!r}")
                one = known[name]
                matrix = np.hstack(
                    [one[:, :3] @ matrix[:, :3], one[:, :3] @ matrix[:, 3:] + one[:, 3:]]
                )
            made.append(Operator("x".join(names), matrix))
        chains = frozenset(one.strip() for one in row["asym_id_list"].split(","))
        found.setdefault(row["assembly_id"], []).append(Part(chains, tuple(made)))
    return [Assembly(name, tuple(parts)) for name, parts in found.items()]


def _combinations(expression: str) -> Iterator[tuple[str, ...]]:
    """Yield the operators of an expression as `1,2`, `(1-60)` or `(X0)(1-5)`, each a product."""
    groups = re.findall(r"\(([^)]*)\)", expression) or [expression]
    several = []
    for group in groups:
        names: list[str] = []
        for one in group.replace(" ", "").split(","):
            match = RANGE.fullmatch(one)
            if match and match.group(1).isdigit() and match.group(2).isdigit():
                names += map(str, range(int(match.group(1)), int(match.group(2)) + 1))
            else:
                names.append(one)
        several.append(names)
    yield from product(*several)


def _matrix(rows: Sequence[Sequence[float]]) -> Float[np.ndarray, "3 4"]:
    matrix = np.array(rows, dtype=np.float64)
    if matrix.shape != (3, 4):
        raise ValueError(f"no operator: {rows}")
    return matrix


def chosen_assembly(assemblies: Sequence[Assembly], choice: str) -> Assembly:
    """Return the assembly of a number.

    Raises:
        InputError: There is none of it.
    """
    for one in assemblies:
        if one.name == choice:
            return one
    raise InputError(
        "assembly: the file describes none of this number",
        got=choice,
        expected=" ".join([*(one.name for one in assemblies), ASYMMETRIC]),
    )


def assembled(records: Sequence[Record], assembly: Assembly, report: Report) -> list[Record]:
    """Return the records of an assembly: those of the first copies, then the others.

    Args:
        records: Records of the file.
        assembly: Assembly.
        report: Called with lines about copies, and residues that are left out.
    """
    copies: dict[str, list[Record]] = {}
    for part in assembly.parts:
        for operator in part.operators:
            rotation, shift = operator.matrix[:, :3], operator.matrix[:, 3]
            for record in records:
                if record.part in part.chains:
                    x, y, z = (rotation @ record.position + shift).tolist()
                    copies.setdefault(operator.name, []).append(
                        record._replace(position=(x, y, z), chain=_copy(record.chain, operator))
                    )
    whole: list[Record] = []
    doubled = 0
    for members in copies.values():
        kept, lost = _apart(members, whole)
        whole += kept
        doubled += lost
    report(
        f"Biological assembly: number {assembly.name} is taken, {assembly.copies} copies of the "
        f"file's chains; those of chain A made by operator 2 are chain A-2"
        if assembly.copies > 1
        else f"Biological assembly: number {assembly.name} is taken"
    )
    if doubled:
        report(
            f"Biological assembly: {doubled} residues on axes of symmetry are there once, not once "
            "in each copy"
        )
    return whole


def copied_connections(connections: Sequence[Connection], assembly: Assembly) -> list[Connection]:
    """Return the bonds that a file names in every copy of an assembly."""
    operators = {one.name: one for part in assembly.parts for one in part.operators}

    def moved(end: End, operator: Operator) -> End:
        return end._replace(chain=_copy(end.chain, operator))

    return [
        one._replace(first=moved(one.first, operator), second=moved(one.second, operator))
        for operator in operators.values()
        for one in connections
    ]


def original_chain(chain: str, chains: Mapping[str, object]) -> str:
    """Return the chain of the file that a chain of an assembly is a copy of."""
    return chain if chain in chains else chain.rpartition("-")[0]


def _copy(chain: str, operator: Operator) -> str:
    return chain if operator.is_identity else f"{chain or 'A'}-{operator.name}"


def _apart(members: Sequence[Record], there: Sequence[Record]) -> tuple[list[Record], int]:
    """Return the records of residues that are not there yet, and the number of the others."""
    if not there:
        return list(members), 0
    from scipy.spatial import KDTree

    near = KDTree([one.position for one in there]).query([one.position for one in members])[0]
    kept: list[Record] = []
    lost = start = 0
    for _, run in groupby(members, key=lambda one: (one.place, one.residue)):
        residue = list(run)
        if (near[start : start + len(residue)] < COINCIDENT).all():
            lost += 1
        else:
            kept += residue
        start += len(residue)
    return kept, lost
