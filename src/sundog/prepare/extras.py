"""Packages that `sundog[prepare]` installs, imported where they are needed and nowhere else."""

from importlib import import_module
from types import ModuleType

from sundog.errors import UnavailableError

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
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] != package:
            what = f"{package} lacks the package {error.name}"
        else:
            what = f"the package {package} is not installed"
    except ImportError as error:
        what = f"the package {package} cannot be imported ({error})"
    raise UnavailableError(f"{purpose} needs {package}: {what}. Install it with: {INSTALL}")
