"""Groups of the settings of a run: one source of flags, keys, defaults and help.

Every group checks itself; what concerns several groups is checked by `runs.settings`. Settings of
a relaxation stand beside them.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sundog.bounds import check_fields, short
from sundog.errors import InputError
from sundog.names import (
    BarostatName,
    CellChange,
    ConstraintKind,
    Coupling,
    ThermostatName,
    TrajectoryFormat,
)

LONGEST_SELECTION = 10_000
"""Number of characters of a selection of atoms."""

MOST_BRACKETS = 50
"""Number of opening brackets in a selection of atoms; its parser takes ten levels of calls each."""


class SettingsGroup:
    """Base of the groups, with the refusal of values."""

    def __post_init__(self):
        """Refuse values that are of another type or out of the bounds of any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        check_fields(self)

    def _require(self, name: str, condition: bool, expected: str, got: Any = None) -> None:
        """Raise `InputError` about a field unless a condition holds."""
        if not condition:
            got = getattr(self, name) if got is None else got
            raise InputError(f"{name}: not acceptable", got=got, expected=expected)

    def _require_selection(self, name: str, text: str | None) -> None:
        """Raise `InputError` about a selection that is empty, or beyond the parser of any."""
        if text is None:
            return
        told = bool(text.strip()) and len(text) <= LONGEST_SELECTION
        sound = told and text.count("(") <= MOST_BRACKETS
        self._require(
            name,
            sound,
            "a selection, as 'protein and backbone' or 'index 0 to 9', of at most "
            f"{LONGEST_SELECTION} characters and {MOST_BRACKETS} brackets",
            short(text),
        )


@dataclass(frozen=True, kw_only=True)
class Bath(SettingsGroup):
    """Temperature and thermostat."""

    temperature_kelvin: float = 300.0
    """Temperature in K of the thermostat and of the initial momenta."""
    temperature_end_kelvin: float | None = None
    """Change the temperature linearly to this one, in K (heating, annealing)."""
    ramp_steps: int | None = None
    """Steps that the change of temperature takes; by default the whole run."""
    thermostat: ThermostatName | None = None
    """Thermostat: langevin (the default; BAOAB), bussi (stochastic velocity rescaling) or
    nose-hoover."""
    friction_per_ps: float = 1.0
    """Friction of the Langevin thermostat in 1/ps."""
    thermostat_time_fs: float = 100.0
    """Relaxation time of the bussi and nose-hoover thermostats in fs."""

    def __post_init__(self):
        """Refuse values that are impossible for any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        if self.ramp_steps is not None:
            given = self.temperature_end_kelvin is not None
            self._require("ramp_steps", given, "temperature_end_kelvin to be given as well")


@dataclass(frozen=True, kw_only=True)
class Barostat(SettingsGroup):
    """Pressure and how the cell follows it; at constant pressure only."""

    barostat: BarostatName = "rescaling"
    """Barostat: rescaling (stochastic cell rescaling) or mtk (Martyna-Tobias-Klein)."""
    pressure_bar: float = 1.0
    """Pressure in bar."""
    coupling: Coupling = "isotropic"
    """Changes of the cell: isotropic, semi-isotropic (x and y together), anisotropic (right
    angles stay) or flexible."""
    barostat_time_fs: float = 1000.0
    """Relaxation time of the volume in fs."""
    compressibility_per_bar: float = 4.5e-5
    """Compressibility in 1/bar, by default water's; sets the rate of cell rescaling."""
    surface_tension_mn_per_m: float = 0.0
    """Surface tension in mN/m of each of the two faces of a membrane; semi-isotropic only."""


@dataclass(frozen=True, kw_only=True)
class Masses(SettingsGroup):
    """Masses, rigid bonds and frozen atoms."""

    hydrogen_mass: float | None = None
    """Mass of every hydrogen in amu, taken from its heavy atom, for longer timesteps; usually 3."""
    deuterate: bool = False
    """Give hydrogens the mass of deuterium."""
    constraints: ConstraintKind | None = None
    """Keep the lengths of bonds of hydrogens; water as a whole with rigid-water+h-bonds."""
    freeze: str | None = None
    """Atoms that do not move, in mdtraj's selection language, as 'index 0 to 9'."""

    def __post_init__(self):
        """Refuse values that are impossible for any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        self._require_selection("freeze", self.freeze)


@dataclass(frozen=True, kw_only=True)
class Restraints(SettingsGroup):
    """Energies that hold atoms at places or distances."""

    restrain: str | None = None
    """Atoms held at their places by springs, in mdtraj's selection language."""
    restrain_distances: tuple[str, ...] = ()
    """Distances held between two bounds: 'i j lower upper', atoms counted from 0, in Å."""
    droplet_radius_angstrom: float | None = None
    """Keep a cluster without a cell in a sphere of this radius in Å about its centre."""
    restraint_ev_per_angstrom2: float = 0.5
    """Force constant of all restraints in eV/Å²."""

    def __post_init__(self):
        """Refuse values that are impossible for any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        self._require_selection("restrain", self.restrain)


@dataclass(frozen=True, kw_only=True)
class Start(SettingsGroup):
    """Structure of several in a file, initial momenta, and minimisation before the first step."""

    frame: int | None = None
    """Number of the structure of a file with several, from 0, or from -1 backwards; by default the
    first model of PDB and mmCIF files, else the last."""
    momenta: Literal["thermal", "structure"] = "thermal"
    """Begin with momenta drawn at the temperature, or with those in the structure file."""
    minimize: bool = False
    """Relax the structure with FIRE before the first step."""
    minimize_steps: int = 200
    """Largest number of minimisation steps."""
    minimize_force_ev_per_angstrom: float = 0.1
    """Stop minimising when no force is larger, in eV/Å."""


@dataclass(frozen=True, kw_only=True)
class Replicas(SettingsGroup):
    """Copies of the structure that run in one program."""

    replicas: int = 1
    """Independent copies of the structure that run in one program."""
    replica_temperatures_kelvin: tuple[float, ...] = ()
    """Temperature of each replica in K; by default the same for all."""
    exchange_every: int = 0
    """Steps between exchanges of temperatures among the replicas; 0 for none."""

    def __post_init__(self):
        """Refuse values that are impossible for any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        ladder = self.replica_temperatures_kelvin
        count = f"as many as there are replicas, {self.replicas}"
        self._require("replica_temperatures_kelvin", len(ladder) in (0, self.replicas), count)


@dataclass(frozen=True, kw_only=True)
class Output(SettingsGroup):
    """Files that are written, their content, and how often."""

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
    observe: tuple[str, ...] = ()
    """Observables that look at every frame, as rdf,density; their results are in observed/ of the
    run. `sundog analyze --what list` lists them."""
    checkpoint_minutes: float = 5.0
    """Minutes between checkpoints; 0 writes one after every chunk of steps."""
    keep_checkpoints: int = 3
    """Number of checkpoints kept."""

    def __post_init__(self):
        """Refuse values that are impossible for any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        multiple = self.frame_every % self.sample_every == 0
        self._require("frame_every", multiple, f"a multiple of sample_every={self.sample_every}")


@dataclass(frozen=True, kw_only=True)
class RelaxationSettings(SettingsGroup):
    """Settings of a relaxation."""

    optimizer: Literal["lbfgs", "fire"] | None = None
    """Optimizer: lbfgs, or fire, which takes more steps and is more robust; by default lbfgs for
    one structure, while several are relaxed together by fire alone."""
    cell: CellChange = "none"
    """Changes of the cell during the relaxation: none, isotropic, anisotropic (right angles
    stay) or flexible."""
    pressure_bar: float = 0.0
    """External pressure in bar on a cell that may change."""
    force_ev_per_angstrom: float = 0.01
    """Threshold in eV/Å; for the cell, of its forces in the same unit."""
    steps: int = 1000
    """Largest number of steps."""

    def __post_init__(self):
        """Refuse values that are impossible for any relaxation.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        if self.pressure_bar and self.cell == "none":
            raise InputError(
                "pressure_bar: needs a cell that may change", expected='as cell="isotropic"'
            )
