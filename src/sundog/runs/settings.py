"""`SimulationSettings`: settings of a simulation, in groups that check themselves.

    settings = SimulationSettings.of(steps=1000, temperature_kelvin=300, trajectory="h5md")
    settings.bath.temperature_kelvin, settings.output.trajectory

Names of fields are unique over all groups: they are the flags of the command line, the keys of
`config.yaml` and the keywords of `sundog.simulate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from sundog.errors import InputError
from sundog.names import EnsembleName
from sundog.runs.groups import (
    Barostat,
    Bath,
    Masses,
    Output,
    Replicas,
    Restraints,
    SettingsGroup,
    Start,
)

LARGEST_OUTER_TIMESTEP_FS = 8.0
"""Time in fs between impulses of the long range. They resonate with vibrations at half their
period: 5 fs for bonds of hydrogens of 1 amu, 8 fs for those of 3 amu."""

FEWEST_STEPS_OF_RELAXATION = 5
"""Timesteps that a relaxation time must span at least to be integrated."""


@dataclass(frozen=True, kw_only=True)
class SimulationSettings(SettingsGroup):
    """Settings of a molecular dynamics run."""

    ensemble: EnsembleName = "nvt"
    """Ensemble: nve (constant energy), nvt (constant temperature) or npt (constant temperature
    and pressure)."""
    steps: int = 1000
    """Number of steps, counted from the beginning of the run."""
    timestep_fs: float = 0.5
    """Timestep in fs."""
    long_range_every: int = 1
    """Steps between evaluations of electrostatics and dispersion (multiple time steps); 1
    evaluates them in every step."""
    remove_drift_every: int = 0
    """Steps between removals of the motion of the centre of mass; 0 leaves it alone."""
    seed: int = 0
    """Seed of the initial momenta and of the thermostat."""
    skin_angstrom: float = 0.3
    """Reserve of the pair lists in Å; larger is rebuilt less often, but costs every step."""
    bath: Bath = field(default_factory=Bath)
    """Temperature and thermostat."""
    barostat: Barostat = field(default_factory=Barostat)
    """Pressure and how the cell follows it."""
    masses: Masses = field(default_factory=Masses)
    """Masses, rigid bonds and frozen atoms."""
    restraints: Restraints = field(default_factory=Restraints)
    """Energies that hold atoms at places or distances."""
    start: Start = field(default_factory=Start)
    """Initial momenta, and minimisation before the first step."""
    replicas: Replicas = field(default_factory=Replicas)
    """Copies of the structure that run in one program."""
    output: Output = field(default_factory=Output)
    """Files that are written, their content, and how often."""

    def __post_init__(self):
        """Refuse settings that cannot work, alone or together.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        super().__post_init__()
        self._check_impulses()
        self._check_temperatures()
        self._check_baths()

    @classmethod
    def of(cls, **flat: Any) -> Self:
        """Return settings by the flat names of their fields; what is left out has its default.

        Raises:
            InputError: an unknown field, or a value that is not acceptable.
        """
        parts: dict[str, dict[str, Any]] = {"": {}}
        for name, value in flat.items():
            if name not in HOMES:
                close = get_close_matches(name, HOMES, 1)
                raise InputError(
                    f"{name}: a run has no such setting",
                    remedy=f"Perhaps {close[0]} is meant" if close else "See SimulationSettings",
                )
            parts.setdefault(HOMES[name], {})[name] = value
        own = parts.pop("")
        groups: dict[str, Any] = {name: GROUPS[name](**of) for name, of in parts.items()}
        return cls(**own, **groups)

    def flat(self) -> dict[str, Any]:
        """Return all fields by name, those of the groups among them."""
        return {
            name: getattr(getattr(self, group) if group else self, name)
            for name, group in HOMES.items()
        }

    def changed(self, **flat: Any) -> Self:
        """Return the settings with some fields changed; errors as of `of`."""
        return type(self).of(**self.flat() | flat)

    @property
    def number_of_replicas(self) -> int:
        """Number of copies of the structure."""
        return self.replicas.replicas

    @property
    def temperatures_kelvin(self) -> tuple[float, ...]:
        """Temperature of each replica at the beginning in K."""
        ladder = self.replicas.replica_temperatures_kelvin
        return ladder or (self.bath.temperature_kelvin,) * self.number_of_replicas

    def settled(self) -> Self:
        """Return the settings with what follows from others written out.

        A ramp over the whole run stays what it was when the run is extended.
        """
        if self.bath.temperature_end_kelvin is None or self.bath.ramp_steps is not None:
            return self
        return replace(self, bath=replace(self.bath, ramp_steps=self.steps))

    def _check_impulses(self) -> None:
        every = self.long_range_every
        outer = every * self.timestep_fs
        bound = f"at most {LARGEST_OUTER_TIMESTEP_FS:g} fs between evaluations"
        got = f"{every}, which are {outer:g} fs"
        short = every == 1 or outer <= LARGEST_OUTER_TIMESTEP_FS
        self._require("long_range_every", short, bound, got)
        # In between the energies of the long range are old. Frames are multiples of samples.
        counts = {
            "steps": self.steps,
            "sample_every": self.output.sample_every,
            "exchange_every": self.replicas.exchange_every,
        }
        for name, count in counts.items():
            self._require(
                name, count % every == 0, f"a multiple of long_range_every={every}", count
            )

    def _check_temperatures(self) -> None:
        ladder = self.replicas.replica_temperatures_kelvin
        end = self.bath.temperature_end_kelvin
        if end is not None:
            thermostatted = self.ensemble != "nve"
            self._require("temperature_end_kelvin", thermostatted, "a thermostat: nvt, npt", end)
            alone = "no replica_temperatures_kelvin"
            self._require("temperature_end_kelvin", not ladder, alone, end)
        every = self.replicas.exchange_every
        if every:
            able = len(set(ladder)) > 1 and self.ensemble != "nve"
            expected = "replica_temperatures_kelvin that differ, and a thermostat"
            self._require("exchange_every", able, expected, every)

    def _check_baths(self) -> None:
        shortest = FEWEST_STEPS_OF_RELAXATION * self.timestep_fs
        times = {
            "thermostat_time_fs": self.bath.thermostat_time_fs,
            "barostat_time_fs": self.barostat.barostat_time_fs,
        }
        for name, time in times.items():
            bound = f"at least {FEWEST_STEPS_OF_RELAXATION} timesteps, {shortest:g}"
            self._require(name, time >= shortest, bound, time)
        if self.ensemble != "npt":
            return
        frozen, kind = self.masses.freeze, self.barostat.barostat
        self._require("freeze", not frozen, "nvt or nve where atoms are frozen", frozen)
        rigid = self.masses.constraints is not None and kind == "mtk"
        expected = 'barostat="rescaling" with constraints'
        self._require("constraints", not rigid, expected, self.masses.constraints)
        tension = self.barostat.surface_tension_mn_per_m
        if tension:
            semi = self.barostat.coupling == "semi-isotropic"
            expected = 'coupling="semi-isotropic"'
            self._require("surface_tension_mn_per_m", semi, expected, tension)


GROUPS: Mapping[str, type[SettingsGroup]] = {
    "bath": Bath,
    "barostat": Barostat,
    "masses": Masses,
    "restraints": Restraints,
    "start": Start,
    "replicas": Replicas,
    "output": Output,
}
"""Groups by the name of their field in `SimulationSettings`."""

HOMES: Mapping[str, str] = {
    **{one.name: "" for one in fields(SimulationSettings) if one.name not in GROUPS},
    **{one.name: group for group, kind in GROUPS.items() for one in fields(kind)},  # pyright: ignore[reportArgumentType]
}
"""Group of every field by its flat name; empty for the fields of `SimulationSettings` itself."""
