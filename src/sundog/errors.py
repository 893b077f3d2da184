"""The errors a user can meet, one tree.

Every message names the argument, shows the value received, says what is
accepted and what to do about it. The command line prints the message alone and
exits with `exit_code`; anything that is not a `SundogError` is a bug.
"""


class SundogError(Exception):
    """Base of every error that sundog raises on purpose."""

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        got: object | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ):
        """Compose the message: what is wrong, the value received, what is accepted, what to do."""
        parts = [what.rstrip(".")]
        if got is not None:
            parts[0] += f" (got {got})"
        parts[0] += "."
        if expected is not None:
            parts.append(f"Expected {expected.rstrip('.')}.")
        if remedy is not None:
            parts.append(f"{remedy.rstrip('.')}.")
        super().__init__(" ".join(parts))


class InputError(SundogError):
    """An argument, option or setting is not acceptable."""


class StructureError(InputError):
    """A structure cannot be simulated as it stands."""


class UnsupportedElementError(StructureError):
    """The model has no parameters for an element of the structure."""


class ChargeError(StructureError):
    """Total charge and multiplicity are impossible for the structure."""


class CoincidentAtomsError(StructureError):
    """Two atoms are at, or nearly at, the same place."""


class CellError(StructureError):
    """The cell or its periodicity is not acceptable."""


class FileFormatError(SundogError):
    """A file is missing, empty, truncated or of a format sundog cannot read."""


class MissingDataError(FileFormatError):
    """The data of a benchmark are not there; those that are there may still be judged by."""


class WeightsError(SundogError):
    """Model weights are missing, damaged or not trusted."""


class RunDirectoryError(SundogError):
    """The output directory holds a run already or cannot be written."""


class SimulationError(SundogError):
    """A simulation left the region in which its numbers mean anything."""

    exit_code = 3
