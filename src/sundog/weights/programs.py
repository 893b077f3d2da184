"""Compiled programs that are kept on disk, so that the next process need not compile them."""

import os


def keep_programs() -> None:
    """Have JAX keep compiled programs in sundog's cache, unless a folder was chosen already.

    `JAX_COMPILATION_CACHE_DIR` chooses another folder, `JAX_ENABLE_COMPILATION_CACHE=0` none.
    """
    # What is kept names every feature of the processor, some of which XLA then fails to
    # recognise; it says so at length in errors that are none. JAX itself sets 1, and a process
    # started from one that uses JAX inherits it.
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "1") == "1":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import jax

    from sundog.weights.store import cache_directory

    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if chosen is None:
        jax.config.update("jax_compilation_cache_dir", str(cache_directory() / "programs"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)


LEAST_SECONDS = 0.1
"""Time in s that a program must take to compile to be kept; JAX keeps those of 1 s and more."""
