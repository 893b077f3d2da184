"""The outermost door: every exception ends in a sentence and an exit code.

What happens to a sound program, as a full disk or too little memory, is explained. Anything else is
a bug, whose report is written to a file that the last line names.
"""

import errno
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sundog import __version__
from sundog.cli.environment import refused_by_jax
from sundog.cli.signals import Stopped
from sundog.errors import SimulationError, SundogError

OF_MEMORY = ("RESOURCE_EXHAUSTED", "out of memory", "Out of memory", "bad_alloc")
"""Words in exceptions of the compiler's runtime when memory is short."""

OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the errors of a disk that is full."""


def guarded(work: Callable[[], int], arguments: Sequence[str]) -> int:
    """Return the exit code of some work; an exception is explained on stderr.

    Args:
        work: function that runs the command line.
        arguments: the command line, for the report of a bug.
    """
    try:
        return work()
    except Stopped as stopped:
        return complain(str(stopped), 128 + stopped.number)
    except KeyboardInterrupt:
        return complain("Interrupted.", 130)
    except Exception as error:
        explanation = explained(error)
        if explanation is not None:
            return complain(str(explanation), explanation.exit_code)
        return complain(_report(error, arguments), 1)


def explained(error: Exception) -> SundogError | None:
    """Return what to say of an exception that is no bug; None for one that is."""
    if isinstance(error, SundogError):
        return error
    if isinstance(error, MemoryError) or any(word in str(error) for word in OF_MEMORY):
        return SimulationError(
            "memory: there is not enough for this",
            got=_first_line(error),
            remedy="Use fewer atoms or replicas, a smaller cutoff, or a machine with more; "
            "dry_run=True of a run says how much it needs",
        )
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename is not None else ""
        full = error.errno in OF_DISK
        return SundogError(
            f"{where}{error.strerror}",
            remedy="Make room and go on" if full else "Check the path and its permissions",
        )
    if isinstance(error, ImportError):
        return SundogError(
            f"installation: a part of it cannot be imported ({_first_line(error)})",
            remedy="Install sundog again, in an environment of its own",
        )
    return refused_by_jax(error)


def _report(error: Exception, arguments: Sequence[str]) -> str:
    """Write the report of a bug, and return the sentence that names it."""
    import platform
    import tempfile
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    text = "\n".join(
        [
            f"sundog {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"sundog {' '.join(arguments)}",
            "",
            *traceback.format_exception(error),
        ]
    )
    what = f"This is a bug of sundog: {type(error).__name__}: {_first_line(error)}"
    files = ", ".join(one for one in arguments if not one.startswith("-") and Path(one).is_file())
    send = f"; please send it, with {files}" if files else "; please send it"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="sundog-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:
        print(text, file=sys.stderr)
        return f"{what} ({Path(place.filename).name}, line {place.lineno})."
    return (
        f"{what} ({Path(place.filename).name}, line {place.lineno}). "
        f"The report is in {file.name}{send}."
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def complain(message: str, code: int = 2) -> int:
    """Print a message on stderr and return the exit code."""
    print(f"sundog: {message}", file=sys.stderr)
    return code
