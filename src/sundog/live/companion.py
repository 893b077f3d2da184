"""The run's side of its live page: a process beside it that is started, looked after and ended.

Nothing that the process does reaches the run: it reads the folder, has the lowest priority, one
thread for arithmetic and no lock on any file, and no line of it is waited for but the first.
"""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

LONGEST_START_S = 20.0
"""Time in s within which the process says its address."""

LONGEST_END_S = 2.0
"""Time in s that the process is given to end by itself."""

OWN = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    ),
    "JAX_PLATFORMS": "cpu",
    "MPLBACKEND": "agg",
    "HDF5_USE_FILE_LOCKING": "FALSE",
}
"""Variables of the environment of the process: one thread, no GPU, no locks on files."""

NOT_ITS_OWN = "MALLOC_"
"""Beginning of the names of variables that keep memory for the run, and are not handed on."""


class LivePage:
    """Page of a run that is going on.

    Attributes:
        address: where it is; None where it could not be started.
    """

    def __init__(self, folder: Path, report: Callable[[str], None]):
        """Start the process, and wait until it says its address.

        Args:
            folder: folder of the run.
            report: called with a line when there is no page, or no page any more.
        """
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None
        self.address: str | None = None
        command = [sys.executable, "-P", "-m", "sundog.live", str(folder.absolute())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(os.environ),
                start_new_session=True,  # Ctrl-C is for the run
            )
            self.address = self._first_line()
        except OSError as error:
            self._gone(f"It could not be started ({error.strerror or error})")
        else:
            if self.address is None:
                self._gone("It did not start")

    def check(self) -> None:
        """Say once that the process has ended, if it has."""
        if self._process is not None and self._process.poll() is not None:
            self._gone(f"Its process has ended, code {self._process.returncode}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(LONGEST_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _first_line(self) -> str | None:
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], LONGEST_START_S)
        line = self._process.stdout.readline().decode(errors="replace").strip() if ready else ""
        return line if line.startswith("http://") else None

    def _gone(self, why: str) -> None:
        self.close()
        self._report(f"There is no live page: {why}. The run goes on without it")


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in own.items() if not name.startswith(NOT_ITS_OWN)}
    return kept | OWN
