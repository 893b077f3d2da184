"""What a simulation is told: one source of flags, keys, defaults and help."""

from dataclasses import dataclass, replace
from typing import Literal

from sundog.errors import InputError
from sundog.names import (
    BarostatName,
    ConstraintKind,
    Coupling,
    EnsembleName,
    ThermostatName,
    TrajectoryFormat,
)

LARGEST_TIMESTEP_FS = 5.0

LARGEST_OUTER_TIMESTEP_FS = 8.0
"""Impulses resonate with vibrations at half their period: 5 fs for bonds of hydrogens, 8 fs for
those of 3 amu."""


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """Settings of a molecular dynamics run."""

    ensemble: EnsembleName = "nvt"
    """nve: constant energy; nvt: constant temperature; npt: and constant pressure."""
    steps: int = 1000
    """Number of steps, counted from the beginning of the run."""
    timestep_fs: float = 0.5
    """Timestep in fs."""
    long_range_every: int = 1
    """Steps between evaluations of electrostatics and dispersion (multiple time steps); 1
    evaluates them in every step."""
    temperature_kelvin: float = 300.0
    """Temperature in K of the thermostat and of the initial momenta."""
    temperature_end_kelvin: float | None = None
    """Change the temperature linearly to this one, in K (heating, annealing)."""
    ramp_steps: int | None = None
    """Steps that the change of temperature takes; by default the whole run."""
    thermostat: ThermostatName | None = None
    """langevin (the default; BAOAB), bussi (stochastic velocity rescaling) or nose-hoover."""
    friction_per_ps: float = 1.0
    """Friction of the Langevin thermostat in 1/ps."""
    thermostat_time_fs: float = 100.0
    """Relaxation time of the bussi and nose-hoover thermostats in fs."""
    barostat: BarostatName = "rescaling"
    """rescaling (stochastic cell rescaling) or mtk (Martyna-Tobias-Klein)."""
    pressure_bar: float = 1.0
    """Pressure in bar."""
    coupling: Coupling = "isotropic"
    """How the cell may change: isotropic, semi-isotropic (x and y together), anisotropic
    (right angles stay) or flexible."""
    barostat_time_fs: float = 1000.0
    """Relaxation time of the volume in fs."""
    compressibility_per_bar: float = 4.5e-5
    """Compressibility in 1/bar, by default water's; sets the rate of cell rescaling."""
    surface_tension_mn_per_m: float = 0.0
    """Surface tension in mN/m of each of the two faces of a membrane; semi-isotropic only."""
    hydrogen_mass: float | None = None
    """Mass of every hydrogen in amu, taken from its heavy atom, for longer timesteps; usually 3."""
    deuterate: bool = False
    """Give hydrogens the mass of deuterium."""
    constraints: ConstraintKind | None = None
    """Keep the lengths of bonds of hydrogens; water as a whole with rigid-water+h-bonds."""
    freeze: str | None = None
    """Atoms that do not move, in mdtraj's selection language, as 'index 0 to 9'."""
    restrain: str | None = None
    """Atoms held at their places by springs, in mdtraj's selection language."""
    restrain_distances: tuple[str, ...] = ()
    """Distances held between two bounds: 'i j lower upper', atoms counted from 0, in Å."""
    droplet_radius_angstrom: float | None = None
    """Keep a cluster without a cell in a sphere of this radius in Å about its centre."""
    restraint_ev_per_angstrom2: float = 0.5
    """Force constant of all restraints in eV/Å²."""
    remove_drift_every: int = 0
    """Steps between removals of the motion of the centre of mass; 0 leaves it alone."""
    momenta: Literal["thermal", "structure"] = "thermal"
    """Begin with momenta drawn at the temperature, or with those in the structure file."""
    minimize: bool = False
    """Relax the structure with FIRE before the first step."""
    minimize_steps: int = 200
    """Largest number of minimisation steps."""
    minimize_force_ev_per_angstrom: float = 0.1
    """Stop minimising when no force is larger, in eV/Å."""
    replicas: int = 1
    """Independent copies of the structure that run in one program."""
    replica_temperatures_kelvin: tuple[float, ...] = ()
    """Temperature of each replica in K; by default the same for all."""
    exchange_every: int = 0
    """Steps between exchanges of temperatures among the replicas; 0 for none."""
    sample_every: int = 10
    """Steps between rows of the energies table."""
    frame_every: int = 50
    """Steps between frames of the trajectory; a multiple of sample-every."""
    trajectory: TrajectoryFormat = "xtc"
    """Trajectory format; all but extxyz come with a topology.pdb."""
    frame_extras: tuple[str, ...] = ()
    """More per frame, in extxyz and h5md: velocities, momenta, forces, charges,
    hirshfeld_ratios, energy, term_energies, dipole, stress."""
    wrap: bool = False
    """Write frames with whole molecules in the cell; unwrapped, as diffusion needs it, else."""
    checkpoint_minutes: float = 5.0
    """Minutes between checkpoints; 0 writes one after every chunk of steps."""
    keep_checkpoints: int = 3
    """Number of checkpoints kept."""
    seed: int = 0
    """Seed of the initial momenta and of the thermostat."""
    skin_angstrom: float = 0.3
    """Reserve of the pair lists in Å; larger is rebuilt less often, but costs every step."""

    def __post_init__(self):
        """Refuse settings that cannot work.

        Raises:
            InputError: naming the setting, its value and what is accepted.
        """
        for name in ("steps", "sample_every", "frame_every", "minimize_steps", "replicas"):
            self._require(name, getattr(self, name) >= 1, "a positive number")
        self._require("keep_checkpoints", self.keep_checkpoints >= 1, "at least 1")
        self._require("checkpoint_minutes", self.checkpoint_minutes >= 0, "zero or more minutes")
        for name in ("remove_drift_every", "exchange_every"):
            self._require(name, getattr(self, name) >= 0, "a number of steps, 0 for never")
        bound = f"above 0 and at most {LARGEST_TIMESTEP_FS} fs"
        self._require("timestep_fs", 0 < self.timestep_fs <= LARGEST_TIMESTEP_FS, bound)
        for name in ("friction_per_ps", "compressibility_per_bar"):
            self._require(name, getattr(self, name) > 0, "a positive rate")
        force = self.minimize_force_ev_per_angstrom
        self._require("minimize_force_ev_per_angstrom", force > 0, "a positive eV/Å")
        self._require("skin_angstrom", 0 <= self.skin_angstrom <= 5, "0 to 5 Å")
        multiple = self.frame_every % self.sample_every == 0
        self._require("frame_every", multiple, f"a multiple of sample-every={self.sample_every}")
        self._check_impulses()
        self._check_temperatures()
        self._check_baths()

    @property
    def thermostat_in_use(self) -> ThermostatName:
        """The thermostat, by default the one that suits ensemble and barostat."""
        if self.thermostat is not None:
            return self.thermostat
        mtk = self.ensemble == "npt" and self.barostat == "mtk"
        return "nose-hoover" if mtk else "langevin"

    @property
    def temperatures_kelvin(self) -> tuple[float, ...]:
        """Temperature of each replica at the beginning."""
        return self.replica_temperatures_kelvin or (self.temperature_kelvin,) * self.replicas

    def settled(self) -> "SimulationSettings":
        """Return the settings with what follows from others written out.

        A ramp over the whole run stays what it was when the run is extended.
        """
        if self.temperature_end_kelvin is None or self.ramp_steps is not None:
            return self
        return replace(self, ramp_steps=self.steps)

    def _check_impulses(self) -> None:
        every = self.long_range_every
        self._require("long_range_every", every >= 1, "a number of steps, 1 for every step")
        outer = every * self.timestep_fs
        bound = f"at most {LARGEST_OUTER_TIMESTEP_FS:g} fs between evaluations"
        got = f"{every}, which are {outer:g} fs"
        short = every == 1 or outer <= LARGEST_OUTER_TIMESTEP_FS
        self._require("long_range_every", short, bound, got)
        # In between the energies of the long range are old. Frames are multiples of samples.
        for name in ("steps", "sample_every", "exchange_every"):
            whole = getattr(self, name) % every == 0
            self._require(name, whole, f"a multiple of long-range-every={every}")

    def _check_temperatures(self) -> None:
        for value in (*self.temperatures_kelvin, self.temperature_end_kelvin or 1.0):
            self._require("temperature_kelvin", 0 < value < 1e5, "a positive K", value)
        ladder = self.replica_temperatures_kelvin
        count = f"as many as there are replicas, {self.replicas}"
        self._require("replica_temperatures_kelvin", len(ladder) in (0, self.replicas), count)
        if self.temperature_end_kelvin is not None:
            self._require(
                "temperature_end_kelvin", self.ensemble != "nve", "a thermostat: nvt, npt"
            )
            self._require("temperature_end_kelvin", not ladder, "no replica-temperatures-kelvin")
        if self.ramp_steps is not None:
            self._require("ramp_steps", self.ramp_steps >= 1, "a positive number of steps")
            given = self.temperature_end_kelvin is not None
            self._require("ramp_steps", given, "temperature-end-kelvin to be given as well")
        if self.exchange_every:
            able = len(set(ladder)) > 1 and self.ensemble != "nve"
            expected = "replica-temperatures-kelvin that differ, and a thermostat"
            self._require("exchange_every", able, expected)
            stochastic = self.thermostat_in_use != "nose-hoover"
            self._require("exchange_every", stochastic, "a langevin or bussi thermostat")

    def _check_baths(self) -> None:
        dt = self.timestep_fs
        self._require("restraint_ev_per_angstrom2", self.restraint_ev_per_angstrom2 > 0, "above 0")
        if self.ensemble == "npt":
            self._require("freeze", not self.freeze, "nvt or nve where atoms are frozen")
            rigid = self.constraints is not None and self.barostat == "mtk"
            self._require("constraints", not rigid, "--barostat rescaling with constraints")
        for name in ("thermostat_time_fs", "barostat_time_fs"):
            self._require(name, getattr(self, name) >= 5 * dt, f"at least 5 timesteps, {5 * dt:g}")
        if self.ensemble != "npt":
            return
        wanted = {"rescaling": ("langevin", "bussi"), "mtk": ("nose-hoover",)}[self.barostat]
        allowed = f"{' or '.join(wanted)} with --barostat {self.barostat}"
        self._require("thermostat", self.thermostat_in_use in wanted, allowed)
        if self.surface_tension_mn_per_m:
            semi = self.coupling == "semi-isotropic"
            self._require("surface_tension_mn_per_m", semi, "--coupling semi-isotropic")

    def _require(
        self, name: str, condition: bool, expected: str, got: object | None = None
    ) -> None:
        if not condition:
            flag = name.replace("_", "-")
            got = getattr(self, name) if got is None else got
            raise InputError(f"--{flag}: not acceptable", got=got, expected=expected)
