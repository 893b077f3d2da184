"""Folders of prepared structures: where in them the structure is."""

from pathlib import Path

STRUCTURE = "structure.extxyz"
"""Name of the structure in a folder that `sundog prepare` wrote."""

RECORD = "prepared.json"
"""Name of the record of what was prepared, which tells such a folder from others."""


def structure_file(path: Path) -> Path:
    """Return the structure in a prepared folder; any other path as it is."""
    return path / STRUCTURE if (path / RECORD).is_file() else path
