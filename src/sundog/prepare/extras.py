"""Packages that `sundog[prepare]` installs, imported where they are needed and nowhere else."""

from types import ModuleType

from sundog import extras

INSTALL = "pip install 'sundog[prepare]'"
"""Command that installs all of them."""


def require(module: str, purpose: str) -> ModuleType:
    """Return an optional module, imported.

    Args:
        module: Dotted name of the module, as `rdkit.Chem`.
        purpose: Purpose, as the subject of a sentence: `a structure from SMILES`.

    Raises:
        UnavailableError: The package is not installed, or cannot be imported; the message holds the
            command that installs it.
    """
    return extras.require(module, purpose, "prepare")
