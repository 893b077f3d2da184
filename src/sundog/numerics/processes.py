"""Processes that were forked after JAX had started: they lack its threads."""

import os

from sundog.errors import UnavailableError

_FORKED: list[int] = []
"""Id of this process, if it was forked from one in which JAX had started."""


def _note_fork() -> None:
    from jax._src.xla_bridge import backends_are_initialized

    if backends_are_initialized():
        _FORKED.append(os.getpid())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def is_forked() -> bool:
    """Return whether this process was forked from one in which JAX had started."""
    return bool(_FORKED)


def refuse_forked() -> None:
    """Refuse to compute in a process that was forked after JAX had started.

    Raises:
        UnavailableError: the threads of JAX do not live on in such a process, and a computation
            may wait for them for ever.
    """
    if is_forked():
        raise UnavailableError(
            "calculator: this process was forked from one in which JAX had started, and would wait "
            "for its threads for ever. Start processes by spawning, as with "
            'multiprocessing.get_context("spawn"), or fork before the first calculator is made'
        )
