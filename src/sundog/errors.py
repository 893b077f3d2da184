"""Errors that sundog raises on purpose, as one hierarchy of exceptions.

Every message names the argument, shows the value received, says what is
accepted and what to do about it. The command line prints the message alone and
exits with `exit_code`; any other exception is a bug.
"""

from sundog.text import printable


class StructureWarning(UserWarning):
    """Something that a structure file says is not used, or was chosen among several."""


class SundogError(Exception):
    """Base of every error that sundog raises on purpose.

    Attributes:
        exit_code: status with which the command line exits: 2 for wrong input, 3 where a
            simulation failed.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        got: object | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ):
        """Compose the message.

        Args:
            what: statement of what is wrong, with the name of the field in front.
            got: value received.
            expected: description of what is accepted.
            remedy: instruction for the user.
        """
        parts = [what.rstrip(".")]
        if got is not None:
            parts[0] += f" (got {got})"
        parts[0] += "."
        if expected is not None:
            parts.append(f"Expected {expected.rstrip('.')}.")
        if remedy is not None:
            parts.append(f"{remedy.rstrip('.')}.")
        super().__init__(printable(" ".join(parts)))


class InputError(SundogError):
    """An argument, option or setting is not acceptable."""


class StructureError(InputError):
    """A structure cannot be simulated as it stands."""


class UnsupportedElementError(StructureError):
    """The model has no parameters for an element of the structure."""


class ChargeError(StructureError):
    """Total charge and multiplicity are impossible for the structure."""


class CoincidentAtomsError(StructureError):
    """Two atoms are at the same place, or too close for any force field."""


class CellError(StructureError):
    """The cell or its periodicity is not acceptable."""


class UnavailableError(InputError):
    """A choice that was requested by name is not available on this machine.

    Attributes:
        reason: reason, as part of a sentence.
    """

    def __init__(self, reason: str):
        """Compose the message from the reason."""
        super().__init__(reason)
        self.reason = reason


class FileFormatError(SundogError):
    """A file is missing, empty, truncated or of a format sundog cannot read."""


class MissingDataError(FileFormatError):
    """The data of a benchmark are missing; benchmarks whose data are present can still run."""


class WeightsError(SundogError):
    """Model weights are missing, damaged or not trusted."""


class RunDirectoryError(SundogError):
    """The output directory already holds a run, or cannot be written."""


class SimulationError(SundogError):
    """A simulation failed: its numbers are no longer physically meaningful."""

    exit_code = 3


class TrainingError(SundogError):
    """A training run cannot go on: its numbers are no longer finite, or its data are not usable."""

    exit_code = 3
