"""Bounds of every number that a user sets, and the check of settings against their types.

A number means the same under its name wherever that is set, so that `BOUNDS` holds for flags, keys
of YAML files and keywords alike. The module imports nothing heavy.
"""

from collections.abc import Mapping
from functools import cache
from numbers import Integral, Real
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from sundog.errors import InputError


class Bounds(NamedTuple):
    """Smallest and largest value of a number, both included.

    Attributes:
        lowest: smallest value.
        highest: largest value.
        unit: unit as it is written.
    """

    lowest: float
    highest: float
    unit: str = ""

    def __str__(self) -> str:
        """Return the bounds in words."""
        return f"{_plain(self.lowest)} to {_plain(self.highest)} {self.unit}".rstrip()


MOST_STEPS = 10**12
"""Number of steps that no run makes: half a millisecond, at 0.5 fs."""

MOST_ATOMS = 10**7
"""Number of atoms that fits no machine: at 10 kB an atom they take 100 GB."""

STEPS, TIMES = Bounds(1, MOST_STEPS), Bounds(1e-3, 1e9, "fs")
"""Bounds of numbers of steps, and of relaxation times: up to a microsecond."""

WEIGHT = Bounds(0.0, 1e6)
"""Bounds of weights in a loss."""

BOUNDS: Mapping[str, Bounds] = {
    # a run
    "steps": STEPS,
    "timestep_fs": Bounds(1e-4, 5.0, "fs"),
    "long_range_every": Bounds(1, 10_000),
    "remove_drift_every": Bounds(0, MOST_STEPS),
    "seed": Bounds(0, 2**63 - 1),
    "skin_angstrom": Bounds(0.0, 5.0, "Å"),
    "temperature_kelvin": Bounds(1e-6, 1e5, "K"),
    "temperature_end_kelvin": Bounds(1e-6, 1e5, "K"),
    "ramp_steps": STEPS,
    "friction_per_ps": Bounds(1e-9, 1e6, "1/ps"),
    "thermostat_time_fs": TIMES,
    "pressure_bar": Bounds(-1e7, 1e7, "bar"),
    "barostat_time_fs": TIMES,
    "compressibility_per_bar": Bounds(1e-12, 1.0, "1/bar"),
    "surface_tension_mn_per_m": Bounds(-1e6, 1e6, "mN/m"),
    "hydrogen_mass": Bounds(0.1, 20.0, "amu"),
    "droplet_radius_angstrom": Bounds(0.1, 1e5, "Å"),
    "restraint_ev_per_angstrom2": Bounds(1e-9, 1e6, "eV/Å²"),
    "minimize_steps": STEPS,
    "minimize_force_ev_per_angstrom": Bounds(1e-9, 1e6, "eV/Å"),
    "replicas": Bounds(1, 100_000),
    "replica_temperatures_kelvin": Bounds(1e-6, 1e5, "K"),
    "exchange_every": Bounds(0, MOST_STEPS),
    "sample_every": STEPS,
    "frame_every": STEPS,
    "checkpoint_minutes": Bounds(0.0, 1e7, "minutes"),
    "keep_checkpoints": Bounds(1, 1_000_000),
    # the force field and the electrons
    "cutoff_angstrom": Bounds(0.1, 1000.0, "Å"),
    "ewald_accuracy": Bounds(1e-8, 1e-2, "eV/Å"),
    "charge": Bounds(-100_000, 100_000, "e"),
    "multiplicity": Bounds(1, 100_000),
    # other verbs
    "force_ev_per_angstrom": Bounds(1e-9, 1e6, "eV/Å"),
    "accuracy": Bounds(1e-9, 1.0, "eV/Å"),
    "seconds": Bounds(1e-3, 86_400.0, "s"),
    "timeout_s": Bounds(1e-3, 1e7, "s"),
    "rounds": Bounds(1, 10_000),
    "prepare_steps": Bounds(0, MOST_STEPS),
    "radius_bonds": Bounds(0, 20),
    "radius_angstrom": Bounds(0.1, 20.0, "Å"),
    "orders": Bounds(1, 100_000),
    "frame": Bounds(-(10**12), 10**12),
    "memory_gib": Bounds(1e-3, 1e6, "GiB"),
    "one_by_one": Bounds(0, 10**9),
    "molecules": Bounds(1, MOST_ATOMS // 3),
    "density_g_per_cm3": Bounds(1e-4, 2.0, "g/cm³"),
    "residues": Bounds(1, MOST_ATOMS // 10),
    "phi_degrees": Bounds(-360.0, 360.0, "degrees"),
    "psi_degrees": Bounds(-360.0, 360.0, "degrees"),
    "ph": Bounds(0.0, 14.0),
    "padding_angstrom": Bounds(2.0, 1e3, "Å"),
    "edge_angstrom": Bounds(2.0, 1e4, "Å"),
    "waters": Bounds(1, MOST_ATOMS // 3),
    "vacuum_angstrom": Bounds(2.0, 1e4, "Å"),
    # training
    "epochs": Bounds(1, 10**6),
    "validate_every": STEPS,
    "log_every": STEPS,
    "patience": Bounds(1, 10**6),
    "features": Bounds(1, 10_000),
    "heads": Bounds(1, 1000),
    "degrees": Bounds(1, 10),
    "layers": Bounds(1, 100),
    "radial_functions": Bounds(1, 1000),
    "angular_features": Bounds(1, 10_000),
    "hirshfeld_features": Bounds(1, 10_000),
    "short_cutoff_angstrom": Bounds(0.5, 20.0, "Å"),
    "average_neighbors": Bounds(1e-3, 1000.0),
    "forces_weight": WEIGHT,
    "dipole_weight": WEIGHT,
    "hirshfeld_ratios_weight": WEIGHT,
    "energy_weight": WEIGHT,
    "charges_weight": WEIGHT,
    "stress_weight": WEIGHT,
    "huber_width": Bounds(1e-9, 1e9),
    "learning_rate": Bounds(1e-12, 10.0),
    "decay_factor": Bounds(1e-6, 1.0),
    "decay_steps": STEPS,
    "warmup_steps": Bounds(0, MOST_STEPS),
    "clip_norm": Bounds(1e-9, 1e12),
    "weight_decay": Bounds(0.0, 10.0),
    "average_decay": Bounds(0.0, 1.0 - 1e-9),
    "accumulate": Bounds(1, 10_000),
    "batch": Bounds(1, 10_000),
    "batch_structures": Bounds(2, 100_000),
    "batch_atoms": Bounds(2, MOST_ATOMS),
    "batch_pairs": Bounds(2, 10**9),
    "validation_structures": Bounds(1, 10**9),
    "validation_fraction": Bounds(0.0, 1.0),
    "test_fraction": Bounds(0.0, 1.0),
    "near_angstrom": Bounds(0.0, 10.0, "Å"),
    "shortest_distance_angstrom": Bounds(0.1, 10.0, "Å"),
    "largest_force_ev_per_angstrom": Bounds(1e-3, 1e6, "eV/Å"),
    "most_bad_frames": Bounds(0, 10**9),
    # analyses
    "from_ps": Bounds(0.0, 1e12, "ps"),
    "to_ps": Bounds(0.0, 1e12, "ps"),
    "every": Bounds(1, MOST_STEPS),
    "reach_angstrom": Bounds(0.5, 1e3, "Å"),
    "bin_angstrom": Bounds(1e-3, 10.0, "Å"),
    "viscosity_mpa_s": Bounds(1e-6, 1e9, "mPa·s"),
    "correlation_ps": Bounds(1e-3, 1e9, "ps"),
    "window_ps": Bounds(1e-3, 1e6, "ps"),
    "clusters_angstrom": Bounds(1e-3, 1e3, "Å"),
}
"""Bounds by the name of the setting. They are those of a number that means anything at all; what
other settings or the structure ask for is checked where that is known."""


def check_number(name: str, value: object, *, whole: bool) -> None:
    """Refuse a value of a setting that is no number, not finite, or out of its bounds.

    Args:
        name: name of the setting.
        value: value as it was given.
        whole: whether it must be an integer.

    Raises:
        InputError: naming the setting, the value and what is accepted.
    """
    bounds = BOUNDS[name]
    number = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    # NaN is in no bounds.
    if not (number and bounds.lowest <= value <= bounds.highest):  # pyright: ignore[reportOperatorIssue]
        kind = "an integer" if whole else "a number"
        raise InputError(
            f"{name}: not acceptable", got=short(value), expected=f"{kind} from {bounds}"
        )


def check_fields(settings: Any) -> None:
    """Refuse fields of a dataclass whose values are not of their types, or out of their bounds.

    Raises:
        InputError: naming the field, its value and what is accepted.
    """
    for name, kinds, several in _kinds(type(settings)):
        value = getattr(settings, name)
        if several and not isinstance(value, tuple):
            raise InputError(
                f"{name}: not acceptable", got=short(value), expected="several values, as a tuple"
            )
        for one in value if several else (value,):
            _check(name, one, kinds)


def short(value: object) -> str:
    """Return a value as text of a line at most."""
    if isinstance(value, int) and abs(value) >= 10**60:
        return "an integer of more than 60 digits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _check(name: str, value: object, kinds: tuple[Any, ...]) -> None:
    if value is None and NoneType in kinds:
        return
    kind = next(one for one in kinds if one is not NoneType)
    if kind is int or kind is float:
        check_number(name, value, whole=kind is int)
    elif get_origin(kind) is Literal:
        known = get_args(kind)
        if value not in known:
            raise InputError(f"{name}: unknown", got=short(value), expected=", ".join(known))
    elif not isinstance(value, kind):
        words = {bool: "True or False", str: "a text"}.get(kind, kind.__name__)
        raise InputError(f"{name}: not acceptable", got=short(value), expected=words)


@cache
def _kinds(settings: type) -> tuple[tuple[str, tuple[Any, ...], bool], ...]:
    """Return name, types and whether it is a list, of every field that is no group of its own."""
    found = []
    for name, hint in get_type_hints(settings).items():
        if name not in settings.__dataclass_fields__ or hasattr(hint, "__dataclass_fields__"):
            continue
        several = get_origin(hint) is tuple
        union = get_args(hint) and get_origin(hint) is not Literal
        kinds = get_args(hint)[:1] if several else get_args(hint) if union else (hint,)
        found.append((name, kinds, several))
    return tuple(found)


def _plain(number: float) -> str:
    """Return a number as a user would write it."""
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"
