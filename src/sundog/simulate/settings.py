"""What a simulation is told: one source of flags, keys, defaults and help."""

from dataclasses import dataclass
from typing import Literal

from sundog.errors import InputError

EnsembleName = Literal["nve", "nvt"]
TrajectoryFormat = Literal["xtc", "dcd", "extxyz"]

LARGEST_TIMESTEP_FS = 5.0


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """Settings of a molecular dynamics run."""

    ensemble: EnsembleName = "nvt"
    """nve: velocity Verlet; nvt: Langevin (BAOAB)."""
    steps: int = 1000
    """Number of steps."""
    timestep_fs: float = 0.5
    """Timestep in fs."""
    temperature_kelvin: float = 300.0
    """Temperature in K of the thermostat and of the initial momenta."""
    friction_per_ps: float = 1.0
    """Friction of the Langevin thermostat in 1/ps."""
    minimize: bool = False
    """Relax the structure with FIRE before the first step."""
    minimize_steps: int = 200
    """Largest number of minimisation steps."""
    minimize_force_ev_per_angstrom: float = 0.1
    """Stop minimising when no force is larger, in eV/Å."""
    sample_every: int = 10
    """Steps between rows of the energies table."""
    frame_every: int = 50
    """Steps between frames of the trajectory; a multiple of sample-every."""
    trajectory: TrajectoryFormat = "xtc"
    """Trajectory format; xtc and dcd come with a topology.pdb."""
    seed: int = 0
    """Seed of the initial momenta and of the thermostat."""
    skin_angstrom: float = 0.5
    """Reserve of the pair lists in Å; larger is rebuilt less often, but costs every step."""

    def __post_init__(self):
        """Refuse settings that cannot work.

        Raises:
            InputError: naming the setting, its value and what is accepted.
        """
        for name in ("steps", "sample_every", "frame_every", "minimize_steps"):
            self._require(name, getattr(self, name) >= 1, "a positive number of steps")
        bound = f"above 0 and at most {LARGEST_TIMESTEP_FS} fs"
        self._require("timestep_fs", 0 < self.timestep_fs <= LARGEST_TIMESTEP_FS, bound)
        self._require("temperature_kelvin", 0 < self.temperature_kelvin < 1e5, "a positive K")
        self._require("friction_per_ps", self.friction_per_ps > 0, "a positive 1/ps")
        force = self.minimize_force_ev_per_angstrom
        self._require("minimize_force_ev_per_angstrom", force > 0, "a positive eV/Å")
        self._require("skin_angstrom", 0 <= self.skin_angstrom <= 5, "0 to 5 Å")
        multiple = self.frame_every % self.sample_every == 0
        self._require("frame_every", multiple, f"a multiple of sample-every={self.sample_every}")

    def _require(self, name: str, condition: bool, expected: str) -> None:
        if not condition:
            flag = name.replace("_", "-")
            raise InputError(
                f"--{flag}: not acceptable", got=getattr(self, name), expected=expected
            )
