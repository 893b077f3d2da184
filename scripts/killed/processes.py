"""Command lines in processes of their own, which are forked from one that has imported everything.

A process starts in a fraction of a second then, and is a whole one for the kernel: it can be
killed, signalled and limited as any other. JAX must not have started in the parent.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST = 600.0
"""Time in s after which a process hangs."""

CRASHED = 70
"""Exit code of a process in which something was raised that the command line does not catch."""

PROGRAMS = "programs"
"""Name of the folder of compiled programs, which all processes share."""


def warm(folder: Path) -> None:
    """Import what command lines need, and have them share compiled programs in a folder."""
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder / PROGRAMS)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["MALLOC_ARENA_MAX"] = "1"  # with which no command starts itself again
    import mdtraj  # noqa: F401

    import sundog.analysis.energy_plot
    import sundog.cli.log
    import sundog.cli.verbs.md
    import sundog.loading
    import sundog.runs.launch  # noqa: F401


@dataclass(frozen=True)
class Child:
    """Process that runs a command line.

    Attributes:
        pid: number of the process.
        log: file with what it printed.
        begin: time of its start, of the monotonic clock.
    """

    pid: int
    log: Path
    begin: float

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = LONGEST) -> int | None:
        """Return the exit code, as `subprocess` gives it; None if it runs for longer."""
        end = time.monotonic() + seconds
        while True:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                return None
            time.sleep(0.002)

    def end(self, seconds: float = LONGEST) -> int:
        """Return the exit code of a process that must end by itself.

        Raises:
            TimeoutError: it hangs; it was killed.
        """
        code = self.wait(seconds)
        if code is None:
            self.kill()
            self.wait()
            raise TimeoutError(f"a process hung for {seconds} s; see {self.log}")
        return code


def start(arguments: Sequence[str], log: Path, prepare: Callable[[], Any] = lambda: None) -> Child:
    """Start a command line.

    Args:
        arguments: words after `sundog`.
        log: file to which it prints, at its end.
        prepare: function that the process calls first.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    begin = time.monotonic()
    pid = os.fork()
    if pid:
        return Child(pid, log, begin)
    try:
        printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(printed, number)
        os.close(printed)
        print(f"$ sundog {' '.join(arguments)}", flush=True)
        sys.argv[1:] = arguments
        prepare()
        from sundog.__main__ import main

        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else CRASHED
    except BaseException:
        traceback.print_exc()
        code = CRASHED
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


class Fuse:
    """Counter of the changes that a process makes in a folder, which kills it at one of them.

    Changes are: files opened for writing, writes, waits for the disk, renamings, removals and cuts.
    The process is killed before the change, or, of a write, in its middle.
    """

    def __init__(self, folder: Path, changes: int = 0):
        """Prepare a fuse.

        Args:
            folder: folder in which changes count.
            changes: number of the change that kills; 0 for none.
        """
        self._folder = str(folder.resolve())
        self._at = changes
        self.count = 0

    def arm(self) -> None:
        """Count from now on, in this process."""
        for name in ("fsync", "ftruncate"):
            setattr(os, name, self._counted(getattr(os, name), self._of_descriptor))
        for name in ("write", "pwrite"):
            setattr(os, name, self._halved(getattr(os, name)))
        sys.addaudithook(self._audit)

    def note(self, path: Path) -> None:
        """Write the number of changes to a file outside the folder."""
        path.write_text(str(self.count))

    def _burn(self) -> bool:
        """Count a change, and return whether it is the last one."""
        self.count += 1
        return self.count == self._at

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        changing = event in ("os.rename", "os.remove", "os.truncate", "os.mkdir") or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
        )
        if changing and self._is_inside(arguments[0]) and self._burn():
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_inside(self, path: Any) -> bool:
        return isinstance(path, (str, os.PathLike)) and os.path.abspath(path).startswith(
            self._folder
        )

    def _of_descriptor(self, descriptor: int) -> bool:
        try:
            return os.readlink(f"/proc/self/fd/{descriptor}").startswith(self._folder)
        except OSError:
            return False

    def _counted(self, call: Callable, counts: Callable[[int], bool]) -> Callable:
        def counted(descriptor: int, *rest: Any) -> Any:
            if counts(descriptor) and self._burn():
                os.kill(os.getpid(), signal.SIGKILL)
            return call(descriptor, *rest)

        return counted

    def _halved(self, call: Callable) -> Callable:
        def halved(descriptor: int, data: Any, *rest: Any) -> Any:
            if self._of_descriptor(descriptor) and self._burn():
                call(descriptor, bytes(data)[: len(data) // 2], *rest)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(descriptor, data, *rest)

        return halved
