"""Optional packages, imported where they are needed, with the command that installs them."""

from importlib import import_module
from types import ModuleType

from sundog.errors import UnavailableError


def require(module: str, purpose: str, extra: str) -> ModuleType:
    """Return an optional module, imported.

    Args:
        module: dotted name of the module, as `rdkit.Chem`.
        purpose: purpose, as the subject of a sentence: `a structure from SMILES`.
        extra: extra of sundog that installs it.

    Raises:
        UnavailableError: the package is not installed, or cannot be imported; the message holds the
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
    install = f"pip install 'sundog[{extra}]'"
    raise UnavailableError(f"{purpose} needs {package}: {what}. Install it with: {install}")
