"""Ctrl-C and SIGTERM: the first asks a run to end after its chunk, the second ends it at once."""

import signal
import sys
from types import FrameType, TracebackType
from typing import Any, Self

HANDLED = (signal.SIGINT, signal.SIGTERM)
"""Signals that end a run: Ctrl-C, and what batch systems send when time is up."""


class StopRequest:
    """Context that remembers the first signal; a call returns whether there was one."""

    def __init__(self):
        """Begin without a signal."""
        self.signal: int | None = None
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
            self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        for handled in HANDLED:
            signal.signal(handled, self._before[handled])
        print("\nStopping after this chunk; once more to stop at once.", file=sys.stderr)
