"""Messages of a run, on the screen and in its log file."""

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sundog.cli.app import make_app
from sundog.cli.flags import flags_of, with_flags


class Log:
    """Log that is called with a line; fields that the line names become the flags of `md`.

    Lines in the file carry the time.
    """

    def __init__(self, path: Path, append: bool = False):
        """Open the log file at `path`, anew or at its end."""
        self._file = path.open("a" if append else "w", encoding="utf-8", buffering=1)
        self._flags = flags_of(make_app(["md"])["md"])

    def __call__(self, line: str) -> None:
        """Print a line and write it."""
        line = with_flags(line, self._flags)
        print(line, flush=True)
        self.file_only(line)

    def file_only(self, line: str) -> None:
        """Write a line to the file alone."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._file.write(f"{now}  {line}\n")

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
