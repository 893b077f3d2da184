"""Cards of benchmarks: origin, metric, protocol, and the values of the literature."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sundog.hamiltonian import Hamiltonian


@dataclass(frozen=True)
class PublicFile:
    """File on a public host, with the hash that it must have.

    Attributes:
        name: Name of the file in the folder of the data.
        url: Address of the file, at one commit of its repository.
        sha256: SHA-256 of its bytes, in hexadecimal digits.
        unpacked: Names under which the folder may hold the same data unpacked.
    """

    name: str
    url: str
    sha256: str
    unpacked: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """Card of a benchmark.

    Attributes:
        name: Name of the benchmark, as it is chosen by.
        title: Title in words.
        source: Source of structures and reference values, with DOI.
        licence: Licence of the data.
        metric: Meaning of the numbers, with unit.
        protocol: Way in which they are computed.
        data: Instruction how to get the data.
        headline: Metric that a table of several benchmarks shows.
        published: Values of the literature by metric.
        published_by: Source of these values, and how they were computed.
        hamiltonian: Treatment and cutoff of the published values, where they are not the exact
            sum. A force field for which no treatment was chosen is judged under it.
        downloads: All files of the data, where a public host has them.
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
"""Protocol of interaction energies of dimers."""

NO_DATA = "None needed: the structures are built in"
"""Instruction of benchmarks whose structures come with sundog or ASE."""

DIPOLE_PROTOCOL = (
    "Dipoles of neutral molecules at the geometries of the set. A force field's dipole is that of "
    "its partial charges."
)
"""Protocol of dipoles."""

DIPOLE_DATA = (
    "The article says where the set is archived, in a format of its own. "
    "Convert it and put it into data_dir as {file}: extended XYZ, every frame with REF_dipole in "
    "e·Å"
)
"""Instruction for sets of dipoles, with the name of the file to fill in."""
