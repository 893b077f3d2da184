"""Flags under which XLA compiles quickly, for programs that run for milliseconds."""

from mmap import ACCESS_READ, mmap
from pathlib import Path

import jaxlib

FLAGS = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    # The older emitter compiles a force field in 40 % of the time.
    "--xla_cpu_use_fusion_emitters=false",
)
"""Flags of some builds of XLA or of all."""


def fast_to_compile() -> str:
    """Return the flags that this build of XLA has; one that it has not would end the process."""
    folder = Path(jaxlib.__file__).parent
    return " ".join(
        flag for flag in FLAGS if any(_holds(file, flag) for file in folder.glob("*.so"))
    )


def _holds(library: Path, flag: str) -> bool:
    name = flag.removeprefix("--").partition("=")[0].encode()
    with library.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(name) >= 0
