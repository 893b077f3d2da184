"""Signals that end a command in words.

A run ends after its chunk at the first one, and at once at a second. Everything else, and a run
before its first step, ends at the first one, by `Stopped`. Batch systems warn with SIGTERM,
SIGUSR1, SIGUSR2 or SIGXCPU; a terminal or connection that closes sends SIGHUP.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

INSISTENT = (signal.SIGINT, signal.SIGTERM)
"""Signals of which a second one ends the run at once."""

HANDLED = (*INSISTENT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
"""Signals that end a run after its chunk. All but `INSISTENT` come several times: shell and kernel
both send SIGHUP, and batch systems send theirs to every process."""


SOON = 0.05
"""Time in s after which a signal is raised again that was lost."""

_raised: list[int] = []
"""Numbers of the signals that `heeding` has raised."""


class Stopped(KeyboardInterrupt):
    """Exception that a signal raises where no run can end after its chunk.

    Attributes:
        number: number of the signal.
    """

    def __init__(self, number: int):
        """Name the signal."""
        super().__init__(f"Stopped by {signal.Signals(number).name}.")
        self.number = number


@contextmanager
def heeding() -> Iterator[None]:
    """Have signals raise `Stopped` for a while, as Ctrl-C raises `KeyboardInterrupt` by itself.

    The first one is raised. Later ones are ignored, but for a second SIGTERM, which ends the
    process where it stands. Where Python cannot hand an exception on, as in a callback of its
    garbage collector, of which JAX has some, it is raised again soon after.
    """
    before: dict[int, Any] = {}
    told, waker = sys.unraisablehook, signal.getsignal(signal.SIGALRM)

    def stop(number: int, frame: FrameType | None) -> None:
        _raised.append(number)
        for one in before:
            signal.signal(one, signal.SIG_DFL if one in INSISTENT else signal.SIG_IGN)
        raise Stopped(number)

    def again(number: int, frame: FrameType | None) -> None:
        raise Stopped(_raised[-1])

    def lost(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, Stopped):
            told(unraisable)
            return
        signal.signal(signal.SIGALRM, again)
        signal.setitimer(signal.ITIMER_REAL, SOON)

    sys.unraisablehook = lost

    for number in HANDLED:
        # `nohup` ignores SIGHUP, and a command under it goes on.
        if number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, stop)
    try:
        hear()
        yield
    finally:
        sys.unraisablehook = told
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, waker)
        _raised.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def defer() -> None:
    """Keep signals waiting until `hear` is called, in this process or in one that replaces it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)


def hear() -> None:
    """Let signals through, those first that have waited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


class StopRequest:
    """Context that remembers the first signal; a call returns whether there was one."""

    def __init__(self):
        """Begin without a signal, unless one was raised before and is lost."""
        # Whatever has caught the exception of an earlier one, the run is to stop.
        self.signal: int | None = _raised[-1] if _raised else None
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Return whether a stop was asked for."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """Exit code: 0, or 128 + the number of the signal."""
        return 0 if self.signal is None else 128 + self.signal

    def __enter__(self) -> Self:
        for number in HANDLED:
            # `nohup` ignores SIGHUP, and a run under it goes on.
            if number in INSISTENT or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal = number
        if number not in INSISTENT:
            _say("\nStopping after this chunk.\n")
            return
        for insistent in INSISTENT:
            signal.signal(insistent, self._before[insistent])
        _say("\nStopping after this chunk; once more to stop at once.\n")


def _say(line: str) -> None:
    """Write to standard error, past its stream, which may be in the middle of a write, or gone."""
    with suppress(OSError):
        os.write(2, line.encode())
