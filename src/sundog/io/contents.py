"""Contents of a file of biomolecules, whatever its format."""

from typing import NamedTuple

from sundog.io.assemblies import Assembly
from sundog.io.connections import Connection
from sundog.io.records import Record


class Contents(NamedTuple):
    """Contents of a file of biomolecules.

    Attributes:
        models: Records of each model.
        cellpar: Lengths in Å and angles in degrees of the cell; empty without one.
        group: Space group; empty where there is none.
        connections: Bonds that the file names.
        assemblies: Biological assemblies that it describes.
        told: Sentences about modified residues, and records that cannot be read.
        missing: Number of residues that were not seen.
    """

    models: list[list[Record]]
    cellpar: list[float]
    group: str
    connections: list[Connection]
    assemblies: list[Assembly]
    told: list[str]
    missing: int
