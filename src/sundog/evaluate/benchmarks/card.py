"""What a benchmark is: where it comes from, what is measured, and what others have found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sundog.hamiltonian import Hamiltonian


@dataclass(frozen=True)
class PublicFile:
    """A file of a public host that cannot change unnoticed.

    Attributes:
        name: that it has in the folder of the data.
        url: of one commit.
        sha256: of its bytes, in hexadecimal digits.
        unpacked: names under which the folder may hold the same data in another form.
    """

    name: str
    url: str
    sha256: str
    unpacked: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """Identity of a benchmark.

    Attributes:
        name: on the command line.
        title: in words.
        source: of structures and reference values, with DOI.
        licence: of the data.
        metric: what the numbers are, with unit.
        protocol: how they are computed.
        data: how to get the data.
        headline: the one metric that a table of several benchmarks shows.
        published: values of the literature by metric.
        published_by: who found them, and how.
        hamiltonian: treatment and cutoff behind the published values, where they are not
            the exact sum. A force field for which no treatment was chosen is judged under it.
        downloads: all files of the data, where a public host has them.
    """

    name: str
    title: str
    source: str
    licence: str
    metric: str
    protocol: str
    data: str
    headline: str = "mae"
    published: Mapping[str, float] = field(default_factory=dict)
    published_by: str = ""
    hamiltonian: Hamiltonian | None = None
    downloads: tuple[PublicFile, ...] = ()


DIMER_PROTOCOL = (
    "E(dimer) − E(its monomers apart), no relaxation, gas phase. The "
    "partial charges of each monomer add up to its own charge, in the dimer and apart; apart means "
    "the same structure with monomer B 10,000 Å away. ASE calculators: "
    "E(dimer) − E(A) − E(B), each with its own total charge."
)

NO_DATA = "None needed: the structures are built in"

DIPOLE_PROTOCOL = (
    "Dipoles of neutral molecules at the geometries of the set. A force field's dipole is that of "
    "its partial charges."
)
DIPOLE_DATA = (
    "The article says where the set is archived, in a format of its own. "
    "Convert it and put it into --data-dir as {file}: extended XYZ, every frame with REF_dipole in "
    "e·Å"
)
