"""Options that several verbs share. Precedence: flag, then `--config` file, then default."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from sundog.errors import InputError, RunDirectoryError

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.forcefield.base import AbstractForceField
    from sundog.forcefield.so3lr import ForceField
    from sundog.system import System

FLAT = Parameter(name="*")
"""Marks a dataclass whose fields are flags of the verb itself."""


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which force field."""

    model: str | None = None
    """Name or path of the weights; by default $SUNDOG_MODEL_PATH, else so3lr."""
    electrostatics: Literal["exact", "truncated", "wolf", "ewald"] | None = None
    """Treatment of the charges; by default exact for molecules, truncated for periodic cells (for
    benchmarks that of the published values)."""
    cutoff_angstrom: float = 12.0
    """Long-range cutoff in Å; unused by exact, with ewald that of the dispersion alone."""
    ewald_accuracy: float = 1e-4
    """RMS error in eV/Å that the mesh of ewald may add to the forces."""
    dispersion_tail: Literal["auto", "on", "off"] = "auto"
    """Add the dispersion beyond the cutoff in the mean; auto: in runs of homogeneous liquids.
    In YAML "on" and "off" need their quotes."""
    paper: bool = False
    """Exactly the Hamiltonian of the published simulations: truncated electrostatics and
    dispersion with a cutoff of 12 Å, without a tail, for molecules as well."""
    kernels: Literal["auto", "reference", "plain", "cpu", "gpu"] = "auto"
    """How it is computed: compiled for the CPU, fused for NVIDIA GPUs (float32), plain JAX on any
    device, or the slow reference; auto: cpu where it can be had, else plain."""

    def __post_init__(self):
        """Resolve `paper`.

        Raises:
            InputError: other settings contradict it.
        """
        if not self.paper:
            return
        for name, value in PUBLISHED.items():
            default, told = ModelOptions.__dataclass_fields__[name].default, getattr(self, name)
            if told not in (default, value):
                raise InputError(
                    f"--{name.replace('_', '-')}: --paper says what it is",
                    got=told,
                    expected=str(value),
                    remedy="Leave one of them out",
                )
            object.__setattr__(self, name, value)


PUBLISHED = {"electrostatics": "truncated", "cutoff_angstrom": 12.0, "dispersion_tail": "off"}
"""What `--paper` stands for."""


@dataclass(frozen=True, kw_only=True)
class ElectronOptions:
    """Charge and spin."""

    charge: float | None = None
    """Total charge; goes before the structure's own info["charge"]."""
    multiplicity: float | None = None
    """2S + 1; goes before the structure's own info["spin"]."""


def load_force_field(
    options: ModelOptions,
    precision: Literal["float32", "float64"],
    structures: "Sequence[Atoms]",
    *,
    run: bool,
) -> tuple["ForceField", str]:
    """Return the force field for structures that are all periodic or all not, and a line about it.

    Args:
        options: which force field.
        precision: of its arithmetic.
        structures: what it is for.
        run: whether it moves atoms; single points are to be comparable with published ones.

    Raises:
        InputError: molecules and periodic structures in one file, and no treatment chosen.
        WeightsError: the weights are missing or damaged.
    """
    from sundog.weights.load import load

    electrostatics = options.electrostatics
    if electrostatics is None:
        periodic = {bool(atoms.pbc.any()) for atoms in structures}
        if len(periodic) > 1:
            raise InputError(
                "--electrostatics: the file holds molecules and periodic structures, which by "
                "default are treated differently",
                remedy="Choose --electrostatics truncated or wolf for all, or split the file",
            )
        electrostatics = "truncated" if periodic.pop() else "exact"
    tail, why = choose_tail(options.dispersion_tail, electrostatics, structures, run)
    force_field = load(
        options.model,
        electrostatics=electrostatics,
        cutoff_angstrom=options.cutoff_angstrom,
        ewald_accuracy=options.ewald_accuracy,
        dispersion_tail=tail,
        precision=precision,
    )
    return force_field, f"{describe_force_field(force_field)}; dispersion tail {why}"


def choose_tail(
    asked: Literal["auto", "on", "off"],
    electrostatics: str,
    structures: "Sequence[Atoms]",
    run: bool,
) -> tuple[bool, str]:
    """Return whether the dispersion beyond the cutoff is added in the mean, and that with why.

    Args:
        asked: the option.
        electrostatics: the treatment.
        structures: what the force field is for.
        run: whether it moves atoms.
    """
    from sundog.io.liquids import homogeneity

    if asked == "off":
        return False, "off (as asked)"
    if asked == "auto" and electrostatics == "exact":
        return False, "off (no cutoff)"
    if asked == "auto" and not run:
        return False, "off (single points, unless asked for)"
    found = [homogeneity(atoms) for atoms in structures]
    doubts = [one.reason for one in found if not one.homogeneous]
    if asked == "auto":
        return not doubts, f"off ({doubts[0]})" if doubts else f"on ({found[0].reason})"
    if not doubts:
        return True, "on (as asked)"
    return True, f"on (as asked). Warning: it is made for homogeneous liquids, but {doubts[0]}"


def choose_kernels(
    force_field: "ForceField",
    options: ModelOptions,
    system: "System",
    report: Callable[[str], None],
) -> "AbstractForceField":
    """Return the force field on the kernels asked for, checked on the structure at hand.

    Raises:
        InputError: the kernels were asked for by name and cannot be had.
    """
    from sundog.forcefield.kernels import verified, with_kernels

    fast, name = with_kernels(force_field, options.kernels)
    report(f"Kernels: {name}")
    return verified(fast, force_field, system, report, report)


def describe_force_field(force_field: "ForceField") -> str:
    """Return one line that says which Hamiltonian runs."""
    reach = f"{force_field.cutoff:g} Å"
    if force_field.electrostatics == "exact":
        reach = "all pairs"
    if force_field.ewald is not None:
        reach = f"all images, mesh to {force_field.ewald.accuracy:g} eV/Å; dispersion {reach}"
    return (
        f"Force field {force_field.model_name}: electrostatics {force_field.electrostatics} "
        f"({reach}), {force_field.precision}"
    )


def describe_electrons(system: "System") -> str:
    """Return charge and multiplicity of a system of one structure in words."""
    charge, multiplicity = int(system.total_charge[0]), int(system.multiplicity[0])
    return f"charge {charge:+d}, multiplicity {multiplicity}"


def refuse_existing(output: Path, overwrite: bool) -> None:
    """Raise `RunDirectoryError` when a file to be written exists and is not to be replaced."""
    if output.exists() and not overwrite:
        raise RunDirectoryError(
            f"--output: {output} exists",
            remedy="Choose another name, or replace it with --overwrite",
        )


def check_folder(flag: str, path: Path | None) -> None:
    """Raise `RunDirectoryError` when the folder of a file to be written is not there."""
    if path is not None and not path.absolute().parent.is_dir():
        raise RunDirectoryError(
            f"{flag}: there is no such folder", got=path.parent, remedy="Make it first"
        )


def set_up_jax() -> None:
    """Configure JAX for this process: float64 is available, compiled programs are kept on disk.

    On GPUs the same program gives the same bits again: libraries keep to one algorithm, and no
    atomics add floats.
    """
    _add_xla_flag("--xla_gpu_deterministic_ops=true")
    # What is kept names every feature of the processor, some of which XLA then fails to
    # recognise; it says so at length in errors that are none. JAX itself sets 1, and a process
    # started from one that uses JAX inherits it.
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "1") == "1":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import jax

    from sundog.weights.store import cache_directory

    jax.config.update("jax_enable_x64", True)
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(cache_directory() / "programs"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def _add_xla_flag(flag: str) -> None:
    """Set a flag of XLA, unless the user has said otherwise; before JAX has started."""
    flags = os.environ.get("XLA_FLAGS", "")
    if flag.partition("=")[0] not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()
