"""`Hamiltonian`: everything except the structure that an energy depends on, as one value.

Energies of two Hamiltonians must never be mixed; `differences` says how two of them differ.
The module imports nothing heavy, because settings and flags are made from it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import inf
from typing import Any, Literal, TypedDict

from sundog.bounds import check_fields
from sundog.errors import InputError
from sundog.names import ElectrostaticsName, KernelName, Precision

PUBLISHED_CUTOFF = 12.0
"""Long-range cutoff of the published simulations in Å."""

EWALD_ACCURACY = 1e-4
"""Default RMS error of the forces of `ewald` on a mesh in eV/Å."""

LEAST_ACCURATE = 1e-2
"""Largest error in eV/Å that may be requested of a mesh; the fits of its error end there."""

MOST_ACCURATE: dict[Precision, float] = {"float32": 5e-5, "float64": 1e-8}
"""Smallest error in eV/Å that may be requested of a mesh; in float32 the model rounds as much."""


class HamiltonianFields(TypedDict, total=False):
    """Fields of `Hamiltonian` except `model`, as keywords of a function."""

    electrostatics: ElectrostaticsName
    cutoff_angstrom: float
    ewald_accuracy: float
    dispersion_tail: bool
    precision: Precision


@dataclass(frozen=True, kw_only=True)
class Hamiltonian:
    """Weights and physical treatment of a force field.

    Attributes:
        model: name of installed weights or path of a `.safetensors` file; None for
            `SUNDOG_MODEL_PATH`, else the published `so3lr`.
        electrostatics: `exact` for molecules; `truncated` (the published simulations'), `wolf` or
            `ewald` (all images) for periodic systems.
        cutoff_angstrom: long-range cutoff in Å; unused by `exact`, with `ewald` that of the
            dispersion alone.
        ewald_accuracy: RMS error in eV/Å that the mesh of `ewald` may add to the forces.
        dispersion_tail: whether the dispersion beyond the cutoff is added as its mean, which is
            right for a homogeneous liquid.
        precision: precision of parameters and arithmetic; positions, momenta and sums over atoms
            are always float64.
    """

    model: str | None = None
    electrostatics: ElectrostaticsName = "exact"
    cutoff_angstrom: float = PUBLISHED_CUTOFF
    ewald_accuracy: float = EWALD_ACCURACY
    dispersion_tail: bool = False
    precision: Precision = "float32"

    def __post_init__(self):
        """Refuse values that are impossible for any weights.

        Raises:
            InputError: an unknown treatment or precision, a cutoff that is no positive number, an
                accuracy that is out of reach, or a tail of `exact`.
        """
        check_fields(self)
        if self.electrostatics == "exact" and self.dispersion_tail:
            raise InputError(
                "dispersion_tail: `exact` has no cutoff that could leave anything out",
                remedy='Use dispersion_tail="off", or another treatment for a periodic liquid',
            )
        if self.electrostatics == "ewald":
            check_accuracy(self.ewald_accuracy, self.precision)

    @property
    def reach(self) -> float:
        """Cutoff of the long range in Å; infinite with `exact`."""
        return inf if self.electrostatics == "exact" else self.cutoff_angstrom

    def describe(self) -> str:
        """Return one line that says which Hamiltonian this is."""
        reach = "all pairs" if self.electrostatics == "exact" else f"{self.reach:g} Å"
        if self.electrostatics == "ewald":
            reach = f"all images, mesh to {self.ewald_accuracy:g} eV/Å; dispersion {reach}"
        return (
            f"Force field {self.model or 'so3lr'}: electrostatics {self.electrostatics} "
            f"({reach}), {self.precision}"
        )

    def differences(self, other: "Hamiltonian") -> dict[str, tuple[Any, Any]]:
        """Return the values of this and the other Hamiltonian for every field that differs."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def as_settings(self) -> dict[str, Any]:
        """Return the values by the keys of a run's settings, in which a tail is `on` or `off`."""
        return asdict(self) | {"dispersion_tail": "on" if self.dispersion_tail else "off"}


def hamiltonian_of(model: str | Hamiltonian | None, settings: HamiltonianFields) -> Hamiltonian:
    """Return the Hamiltonian of a model with the other fields.

    Args:
        model: name or path of weights, or a complete Hamiltonian.
        settings: the other fields; none may be given with a complete Hamiltonian.

    Raises:
        InputError: `Hamiltonian` refuses a value, or fields contradict a complete Hamiltonian.
    """
    if not isinstance(model, Hamiltonian):
        return Hamiltonian(model=model, **settings)
    if settings:
        raise InputError(
            f"{next(iter(settings))}: the Hamiltonian that was given fixes its value",
            remedy="Leave it out, or change the Hamiltonian with dataclasses.replace",
        )
    return model


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Choice of the force field."""

    model: str | None = None
    """Name or path of the weights; by default $SUNDOG_MODEL_PATH, else so3lr."""
    electrostatics: ElectrostaticsName | None = None
    """Treatment of the charges; by default exact for molecules, truncated for periodic cells (for
    benchmarks that of the published values)."""
    cutoff_angstrom: float = PUBLISHED_CUTOFF
    """Long-range cutoff in Å; unused by exact, with ewald that of the dispersion alone."""
    ewald_accuracy: float = EWALD_ACCURACY
    """RMS error in eV/Å that the mesh of ewald may add to the forces."""
    dispersion_tail: Literal["auto", "on", "off"] = "auto"
    """Mean dispersion beyond the cutoff, added or not; auto: in runs of homogeneous liquids.
    In YAML "on" and "off" need their quotes."""
    paper: bool = False
    """Hamiltonian of the published simulations, exactly: truncated electrostatics and
    dispersion with a cutoff of 12 Å, without a tail, for molecules as well."""
    kernels: KernelName = "auto"
    """Kernels: compiled for the CPU, fused for NVIDIA GPUs (float32), plain JAX on any device, or
    the slow reference; auto: cpu where it is available, else plain."""
    precision: Precision | None = None
    """Precision of the model's arithmetic, by default float32 (for benchmarks float64); positions,
    momenta and sums are always float64."""

    def __post_init__(self):
        """Resolve `paper` and refuse values that are impossible for any structure.

        Raises:
            InputError: other settings contradict `paper`, or a value that `Hamiltonian` refuses.
        """
        check_fields(self)
        for name, value in PUBLISHED.items() if self.paper else ():
            default, given = ModelOptions.__dataclass_fields__[name].default, getattr(self, name)
            if given not in (default, value):
                raise InputError(
                    f"{name}: paper=True fixes its value",
                    got=given,
                    expected=str(value),
                    remedy="Leave one of them out",
                )
            object.__setattr__(self, name, value)
        self.decided(self.electrostatics or "truncated", tail=False)

    def decided(self, electrostatics: ElectrostaticsName, *, tail: bool) -> Hamiltonian:
        """Return the Hamiltonian.

        Args:
            electrostatics: treatment of the charges.
            tail: whether the dispersion has a tail.
        """
        return Hamiltonian(
            model=self.model,
            electrostatics=electrostatics,
            cutoff_angstrom=self.cutoff_angstrom,
            ewald_accuracy=self.ewald_accuracy,
            dispersion_tail=tail,
            precision=self.precision or Hamiltonian.precision,
        )


PUBLISHED: Mapping[str, Any] = {
    "electrostatics": "truncated",
    "cutoff_angstrom": PUBLISHED_CUTOFF,
    "dispersion_tail": "off",
}
"""Values of the fields that `paper` sets."""


@dataclass(frozen=True, kw_only=True)
class ElectronOptions:
    """Charge and spin."""

    charge: float | None = None
    """Total charge in e, in place of the structure's own info["charge"]."""
    multiplicity: float | None = None
    """Multiplicity 2S + 1, in place of the structure's own info["spin"]."""
    allow_radicals: bool = False
    """Compute atoms with missing bonds, and charges that valences do not make, as they are."""

    def __post_init__(self):
        """Refuse what is no number.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        check_fields(self)


def check_accuracy(accuracy: float, precision: Precision) -> None:
    """Refuse an accuracy that a mesh cannot reach.

    Args:
        accuracy: RMS error of the forces in eV/Å.
        precision: precision of the model's arithmetic.

    Raises:
        InputError: the accuracy is out of range.
    """
    least = MOST_ACCURATE[precision]
    if not least <= accuracy <= LEAST_ACCURATE:
        raise InputError(
            f"ewald_accuracy: not possible in {precision}",
            got=f"{accuracy} eV/Å",
            expected=f"an RMS error of the forces from {least:g} to {LEAST_ACCURATE:g} eV/Å",
            remedy='Use precision="float64"'
            if precision == "float32" and accuracy >= MOST_ACCURATE["float64"]
            else None,
        )
