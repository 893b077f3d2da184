"""Messages of a run, on the screen and in its log file."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sundog.cli.app import make_app
from sundog.cli.flags import flags_of, with_flags
from sundog.files import write_failure
from sundog.text import printable


class Log:
    """Log that is called with a line; fields that the line names become the flags of its verb.

    Lines in the file carry the time. A file that cannot be written any more is said once and does
    not end the run.
    """

    def __init__(self, path: Path, append: bool = False, verb: str = "md"):
        """Open the log file at `path`, anew or at its end.

        Args:
            path: path of the file.
            append: whether lines are added at its end.
            verb: verb that runs.

        Raises:
            RunDirectoryError: the file cannot be opened.
        """
        self._path = path
        try:
            self._file = path.open("ab" if append else "wb", buffering=0)
        except OSError as error:
            raise write_failure(path, error, "No step was made") from error
        self._flags = flags_of(make_app([verb])[verb])
        self._said = False

    def __call__(self, line: str) -> None:
        """Write a line, and print it."""
        line = printable(with_flags(line, self._flags))
        self.file_only(line)
        print(line, flush=True)

    def file_only(self, line: str) -> None:
        """Write a line to the file alone."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        data = f"{now}  {printable(line)}\n".encode(errors="backslashreplace")
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
        except OSError as error:
            if not self._said:
                self._said = True
                reason = error.strerror or error
                print(f"{self._path}: lines are missing in it ({reason})", file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self.file_only(f"Ended by {type(error).__name__}: {error}")
        self._file.close()
