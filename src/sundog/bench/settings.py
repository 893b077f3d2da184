"""Settings of the speed benchmark, from which flags, YAML keys, defaults and help are made."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from sundog.bounds import check_fields
from sundog.errors import InputError
from sundog.hamiltonian import Hamiltonian
from sundog.names import ElectrostaticsName, Precision
from sundog.runs.settings import SimulationSettings

TIMESTEP_FS = 0.5
"""Timestep of the timed Langevin dynamics in fs, the published one."""

TEMPERATURE_KELVIN = 300.0
"""Temperature of the timed Langevin dynamics in K."""

FRICTION_PER_PS = 1.0
"""Friction of the timed Langevin dynamics in 1/ps, a usual one."""

SKIN_ANGSTROM = SimulationSettings().skin_angstrom
"""Skin of the pair lists in Å, that of a run."""


@dataclass(frozen=True, kw_only=True)
class BenchSettings:
    """Settings of what is measured, and for how long."""

    cases: str = "water-1536"
    """Names of the cases, separated by commas: water-ATOMS (192, 1536, 5184, 12288 or any multiple
    of 3), crambin, acala15, molecules-COUNT (a batch)."""
    kernels: str = "auto"
    """Kernels among reference, plain, cpu, gpu and auto, separated by commas; speeds are given
    relative to the first."""
    precision: Precision = Hamiltonian.precision
    """Precision of the model's arithmetic."""
    rounds: int = 3
    """Number of fresh processes per row; the rows take turns."""
    seconds: float = 1.5
    """Least time that a figure is measured for in each round."""
    steps: int = 200
    """Number of steps to time in each round; fewer where they would take over half a minute."""
    prepare_steps: int = 100
    """Number of steps in which a case is brought to 300 K before anything is timed; with 0 it
    starts as built and at rest."""
    drift: bool = True
    """Measure the energy drift of each row in a short NVE run."""
    check: bool = True
    """Compare each row's forces with the reference formulation."""
    timeout_s: float = 600.0
    """Longest time of one process in s."""
    model: str | None = None
    """Name or path of the weights; by default $SUNDOG_MODEL_PATH, else so3lr."""
    electrostatics: str | None = None
    """Treatment of the charges, or several, separated by commas, each a row; by default exact for
    molecules, truncated for periodic cells."""
    cutoff_angstrom: float = Hamiltonian.cutoff_angstrom
    """Long-range cutoff in Å; unused by exact, with ewald that of the dispersion alone."""
    dispersion_tail: bool = False
    """Add the dispersion beyond the cutoff in the mean, to periodic cases."""
    data_dir: Path | None = None
    """Folder of the cases that are files; by default benchmarks/data here or in the source tree."""

    def __post_init__(self):
        """Refuse settings that cannot work.

        Raises:
            InputError: A setting is out of range; the message names it.
        """
        check_fields(self)
        self._require("cases", bool(self.case_names), "names separated by commas")
        self._require("kernels", bool(self.kernel_names), "names separated by commas")
        treatments = get_args(ElectrostaticsName)
        known = set(names(self.electrostatics or "")) <= set(treatments)
        self._require("electrostatics", known, ", ".join(treatments))

    @property
    def case_names(self) -> tuple[str, ...]:
        """Names of the cases, each once, in the order given."""
        return names(self.cases)

    @property
    def kernel_names(self) -> tuple[str, ...]:
        """Names of the kernels, each once, in the order given."""
        return names(self.kernels)

    @property
    def treatments(self) -> tuple[ElectrostaticsName | None, ...]:
        """Treatments of the charges, each once, in the order given; None for the default."""
        told = names(self.electrostatics or "")
        return cast("tuple[ElectrostaticsName, ...]", told) or (None,)

    def hamiltonian(self, periodic: bool) -> Hamiltonian:
        """Return the Hamiltonian of a row, whose treatment is the first one."""
        treatment = self.treatments[0] or ("truncated" if periodic else "exact")
        return Hamiltonian(
            model=self.model,
            electrostatics=treatment,
            cutoff_angstrom=self.cutoff_angstrom,
            dispersion_tail=self.dispersion_tail and periodic,
            precision=self.precision,
        )

    def refuse_unread(self, *, periodic: bool, files: bool) -> None:
        """Raise `InputError` for a setting that no case reads.

        Args:
            periodic: whether a case is periodic.
            files: whether a case is a file.
        """
        with_cutoff = periodic or bool(set(self.treatments) - {None, "exact"})
        read = {
            "dispersion_tail": periodic,
            "cutoff_angstrom": with_cutoff and self.treatments != ("exact",),
            "data_dir": files,
        }
        for name, heard in read.items():
            if not heard and getattr(self, name) != getattr(BenchSettings, name):
                raise InputError(f"{name}: not used by any of the cases", remedy="Leave it out")

    def _require(self, name: str, condition: bool, expected: str) -> None:
        if not condition:
            raise InputError(
                f"{name}: not acceptable", got=repr(getattr(self, name)), expected=expected
            )


def names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list, each once, in order."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
