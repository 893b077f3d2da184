"""Settings of glibc's allocator, so that it keeps the memory that compiled programs free.

XLA on CPU takes its temporaries from malloc at every call. By default glibc gives large
blocks back to the kernel at once, and every step pays for mapping and zeroing them again:
a third to a half of the time of a step. glibc reads its settings when a process starts,
so the launcher starts itself once more with them.
"""

import os
import platform
import sys
from collections.abc import Sequence

from sundog.cli.signals import defer, hear

SETTINGS = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "64000000000",
    "MALLOC_TRIM_THRESHOLD_": "64000000000",
    "MALLOC_TOP_PAD_": "500000000",
}
"""Variables of the environment that glibc reads, sizes in bytes: one arena, so that freed memory
serves all threads; thresholds above any block, so that nothing is mapped on its own or given back;
and growth by 500 MB at a time, so that the heap grows seldom."""

COMPUTING_VERBS = frozenset(
    {
        "md",
        "minimize",
        "nve",
        "nvt",
        "npt",
        "opt",
        "predict",
        "protocol",
        "recipe",
        "train",
    }
)
"""Verbs that compute many steps or structures, for which the process is started again."""


def restart_with_retaining_allocator(arguments: Sequence[str]) -> None:
    """Replace this process by itself with `SETTINGS`, for verbs that compute.

    Does nothing where the C library is another, where any of the settings is made already,
    or when help is asked for.
    """
    computes = bool(arguments) and arguments[0] in COMPUTING_VERBS
    if not computes or "--help" in arguments or "-h" in arguments:
        return
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in SETTINGS):
        return
    # With -P the current folder, where a downloaded numpy.py may lie, is not on Python's path.
    command = [sys.executable, "-P", "-m", "sundog", *arguments]
    defer()  # until the new process hears them
    try:
        os.execve(sys.executable, command, {**os.environ, **SETTINGS})
    finally:
        hear()  # where there is no new process
