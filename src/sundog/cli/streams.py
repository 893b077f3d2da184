"""Standard output and standard error as a run sees them: printing never ends a run.

A reader that has gone (`| head -1`), a full disk behind `> file` or a closed terminal make writing
fail; what is printed then is dropped, and the end of the command says so. Control characters from
files are spelled out before they reach a terminal, letters that an encoding lacks are written in
others.
"""

import codecs
import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from sundog.text import printable

REWRITE = "\r\033[K"
"""Beginning of a line that replaces the one before it on a terminal, which progress prints."""

_STYLES = re.compile(r"(\033\[[0-9;]*[mAK]|\033\[\?25[lh]|\r)")
"""Sequences that rich writes to a terminal: colours, the line above, erasure, the cursor."""

QUIET = frozenset({errno.EPIPE, errno.EIO, errno.ENXIO})
"""Failures of which nobody is told: the reader or the terminal has gone."""


PLAIN = {
    "Å": "A",
    "µ": "u",
    "μ": "u",
    "²": "2",
    "³": "3",
    "°": "deg",
    "±": "+-",
    "×": "x",
    "·": ".",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "σ": "sigma",
    "τ": "tau",
    "γ": "gamma",
    "ρ": "rho",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
}
"""Letters of messages that an encoding may lack, in letters that every one has."""

HANDLER = "sundog.plain"
"""Name of the handler of letters that an encoding lacks."""


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(PLAIN.get(letter, "?") for letter in wrong), error.end


codecs.register_error(HANDLER, _plain)


class Screen:
    """Text stream in front of another one, which drops what cannot be written.

    Attributes:
        failure: first error of writing; None if there was none.
    """

    def __init__(self, stream: TextIO, plain: "Screen | None" = None):
        """Wrap a stream.

        Args:
            stream: stream that is written to.
            plain: screen of the same stream that lets no style pass, and remembers failures; None
                for that screen itself.
        """
        self._stream = stream
        self._plain = plain
        self.failure: OSError | None = None
        with suppress(AttributeError, ValueError, OSError):
            reconfigure: Any = stream.reconfigure  # pyright: ignore[reportAttributeAccessIssue]
            reconfigure(errors=HANDLER)

    def write(self, text: str) -> int:
        """Write a text, spelling out control characters; return its length."""
        if self._plain is not None and self._stream.isatty():
            parts = _STYLES.split(text)
            shown = "".join(p if k % 2 else printable(p) for k, p in enumerate(parts))
        elif text.startswith(REWRITE) and self._stream.isatty():
            shown = REWRITE + printable(text.removeprefix(REWRITE))
        else:
            shown = printable(text)
        self._attempt(lambda: self._stream.write(shown))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        self._attempt(self._stream.flush)

    @property
    def rich_proxied_file(self) -> "Screen":
        """Stream that rich, which looks for this name, writes to: its own sequences pass."""
        return Screen(self._stream, plain=self)

    def _attempt(self, action: Callable[[], Any]) -> None:
        if self._plain is not None:
            self._plain._attempt(action)
            return
        if self.failure is not None or self._stream.closed:
            return
        try:
            action()
        except OSError as error:
            self.failure = error
            self._redirect()

    def _redirect(self) -> None:
        """Let what the stream still holds go nowhere, so that Python does not end with an error."""
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def screens() -> Iterator[Screen]:
    """Have both streams behind a `Screen` for a while, and yield that of standard output."""
    before = sys.stdout, sys.stderr
    if isinstance(sys.stdout, Screen):
        yield sys.stdout
        return
    # Python has no stream where the descriptor was closed.
    nowhere: list[TextIO] = []
    wrapped: list[Any] = []
    for stream in before:
        if stream is None:
            nowhere.append(stream := open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        wrapped.append(Screen(stream))
    sys.stdout, sys.stderr = wrapped
    try:
        yield wrapped[0]
    finally:
        for screen in wrapped:
            screen.flush()
        sys.stdout, sys.stderr = before
        for stream in nowhere:
            stream.close()


def open_closed_descriptors() -> None:
    """Open the descriptors 0, 1 and 2 to nothing where they are closed.

    The next file to be opened would get the number of standard output, and whatever a library
    prints would be written into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
