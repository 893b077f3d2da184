"""The run's side of its live page: a process beside it that is started, looked after and ended.

Nothing that the process does reaches the run: it reads the folder, has the lowest priority, one
thread for arithmetic and no lock on any file, and nothing of it is waited for.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

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
        address: where it is; None until the process has said it.
    """

    def __init__(
        self, folder: Path, report: Callable[[str], None], announce: Callable[[str], None]
    ):
        """Start the process; nothing of it is waited for.

        Args:
            folder: folder of the run.
            report: called with a line when there is no page, or no page any more.
            announce: called with the address as soon as it is known, in a thread.
        """
        self._report, self._announce = report, announce
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)
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
        except OSError as error:
            self._gone(f"It could not be started ({error.strerror or error})")
        else:
            self._said = self._process.stdout
            self._listener.start()

    def check(self) -> None:
        """Say once that the process has ended, if it has."""
        if self._process is not None and self._process.poll() is not None:
            self._gone(f"Its process has ended, code {self._process.returncode}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(LONGEST_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._listener.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _listen(self) -> None:
        """Hear the first line of the process, which is the address."""
        assert self._said is not None
        with self._said:
            line = self._said.readline().decode(errors="replace").strip()
            if line.startswith("http://"):
                self.address = line
                with suppress(OSError, ValueError):  # of a terminal that is gone
                    self._announce(line)

    def _gone(self, why: str) -> None:
        self.close()
        self._report(f"There is no live page: {why}. The run goes on without it")


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in own.items() if not name.startswith(NOT_ITS_OWN)}
    return kept | OWN
