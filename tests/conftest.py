"""Strict numerics for every test: float64 available, no silent promotion, checked shapes."""

import gc
import os
from pathlib import Path

from xla_flags import fast_to_compile

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time of the tests is spent in compiling programs that run for milliseconds.
os.environ.setdefault("XLA_FLAGS", fast_to_compile())
# What has been compiled once is loaded by every other process of the tests, of this session and of
# later ones. `make clean` removes it.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / "build" / "test-programs")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Programs that are kept are loaded again with errors that are none.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

HOOKED = (
    "sundog.forcefield",
    "sundog.longrange",
    "sundog.model",
    "sundog.neighbors",
    "sundog.numerics",
    "sundog.properties",
    "sundog.engine",
    "sundog.system",
    "sundog.terms",
)
install_import_hook(list(HOOKED), "typechecker.check")

# Tracing makes many objects that live long. Looking for cycles among them as often as Python does
# by itself takes a fifth of the time of the tests.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish():
    gc.freeze()


def pytest_addoption(parser):
    parser.addoption(
        "--kernels", help="what `auto` stands for: reference, plain, cpu, gpu (interpreted)"
    )


def with_interpreted(choose):
    """Return the choice of kernels whose kernels for GPUs are interpreted."""
    from interpreted_kernels import interpreted

    def chosen(force_field, asked):
        if asked == "gpu":
            return interpreted(force_field), "gpu, interpreted"
        return choose(force_field, asked)

    return chosen


@pytest.fixture(autouse=True, scope="session")
def automatic_kernels(request):
    """Have everything that chooses kernels by itself choose those of the option."""
    name = request.config.getoption("--kernels")
    if name is None:
        yield
        return
    from sundog.forcefield.formulations import choice as kernels
    from sundog.interfaces import ase

    choose = kernels.with_kernels if name != "gpu" else with_interpreted(kernels.with_kernels)
    with pytest.MonkeyPatch.context() as patch:
        for module in (kernels, ase):
            patch.setattr(
                module,
                "with_kernels",
                lambda ff, asked: choose(ff, name if asked == "auto" else asked),
            )
        yield


MEMORY_MAPS = Path("/proc/self/maps")
MOST_MEMORY_MAPS = 20_000
"""Memory maps of this process from which on compiled programs are forgotten.

Linux allows 65,530 of them in all (`vm.max_map_count`); what the tests of one module compile is
a tenth of that.
"""


@pytest.fixture(autouse=True, scope="module")
def forget_programs():
    """Forget compiled programs when they map so much memory that the process might soon not run."""
    yield
    if MEMORY_MAPS.exists() and MEMORY_MAPS.read_bytes().count(b"\n") > MOST_MEMORY_MAPS:
        jax.clear_caches()
