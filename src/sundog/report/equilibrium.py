"""Findings on equilibrium: whether the series of a run have settled where they should."""

from collections.abc import Iterator, Mapping

from sundog.analysis.recording import FEWEST_TO_DETECT, Recording
from sundog.analysis.result import Result
from sundog.analysis.statistics import FEWEST_EFFECTIVE
from sundog.analysis.window import change, first_sample
from sundog.report.findings import Finding, Level, plainly, quantity_of, said, signed

MOVING = {
    "potential_energy_ev": ("potential energy", "eV"),
    "density_g_per_cm3": ("density", "g/cm³"),
}
"""Series that must not move any more: words and unit."""

COLD_SHARE = 0.05
"""Share by which a mean temperature may differ from that of the bath."""

STRAINED_BAR = 1000.0
"""Pressure in bar at constant volume from which on the density does not fit the liquid."""


def settled(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    """Yield whether the series of the energies table have settled, and where."""
    table = recording.energies
    rows = len(table.get("time_ps", ()))
    if rows == 0:
        text = "There is no table of energies beside this trajectory."
        yield Finding("equilibrated", "unknown", "Equilibration cannot be told.", text)
        return
    if rows < FEWEST_TO_DETECT:
        text = f"The energies table has {rows} rows; {FEWEST_TO_DETECT} are needed to tell."
        yield Finding("equilibrated", "unknown", "Equilibration cannot be told.", text)
        return
    found = recording.equilibrated_ps
    if found is not None:
        begin, why = found
        if "not settled" in why:
            yield Finding("equilibrated", "caution", "The run has not settled.", f"{plainly(why)}.")
        else:
            text = f"Means begin at {begin:.4g} ps ({plainly(why)})."
            yield Finding("equilibrated", "good", "An end of equilibration was found.", text)
    yield from _temperature(recording, results)
    yield from _width(recording, results)
    yield from _moving(recording, results)
    yield from _pressure(recording, results)


def _temperature(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    known, bath = quantity_of(results, "engine", "temperature_kelvin"), recording.temperature_kelvin
    if known is None or recording.settings.get("ensemble") not in ("nvt", "npt") or not bath:
        return
    if recording.settings.get("temperature_end_kelvin") is not None:
        return
    value = known.value
    words = f"{said(value, 1, 'K')}; the bath has {bath:g} K."
    off = abs(value.mean - bath)
    if off <= max(COLD_SHARE * bath, 4 * value.error if value.is_enough else 0.0):
        yield Finding("equilibrated", "good", "The temperature is that of the bath.", words)
    elif not value.is_enough:
        yield Finding("equilibrated", "unknown", "The temperature has not met the bath.", words)
    else:
        level: Level = "bad" if off > 0.2 * bath else "caution"
        yield Finding("equilibrated", level, "The temperature is not that of the bath.", words)


def _width(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    known = quantity_of(results, "engine", "kinetic_width_ratio")
    if known is None or not known.value.is_enough:
        return
    value = known.value
    if abs(value.mean - 1) > 4 * value.error:
        text = f"{said(value, 2)} of the canonical width of the kinetic energy."
        yield Finding(
            "equilibrated", "caution", "The temperature fluctuates unlike the ensemble.", text
        )


def _moving(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    """Yield which series of the energies table still move, or are too short to tell."""
    for name, (words, unit) in MOVING.items():
        known = quantity_of(results, "engine", name)
        if known is None or known.value.error == 0:  # a density that is held
            continue
        values = recording.energies[name]
        moved = change(values[first_sample(len(values)) :])
        if moved is not None:
            text = (
                f"It changed by {signed(moved)} {unit} over the last half, more than it fluctuates."
            )
            yield Finding("equilibrated", "caution", f"The {words} still moves.", text)
        elif not known.value.is_enough:
            text = (
                f"Only {known.value.effective:.1f} independent values of it are there; "
                f"{FEWEST_EFFECTIVE:g} are needed."
            )
            title = f"The {words} is known from too few values."
            yield Finding("equilibrated", "unknown", title, text)


def _pressure(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    known = quantity_of(results, "engine", "pressure_bar")
    if known is None or not recording.is_periodic:
        return
    value, words = known.value, said(known.value, 0, "bar")
    if recording.settings.get("ensemble") == "npt":
        target = float(recording.settings.get("pressure_bar", 1.0))
        off = abs(value.mean - target)
        if not value.is_enough:
            text = f"{words}; the barostat has {target:g} bar."
            yield Finding("equilibrated", "unknown", "The pressure is not known yet.", text)
        elif off > max(4 * value.error, 50.0):
            text = f"{words}; the barostat has {target:g} bar."
            yield Finding(
                "equilibrated", "caution", "The pressure is not that of the barostat.", text
            )
        else:
            yield Finding(
                "equilibrated", "good", "The pressure is that of the barostat.", f"{words}."
            )
        return
    if abs(value.mean) > STRAINED_BAR:
        way = "shrink" if value.mean < 0 else "expand"
        text = (
            f"{words} at constant volume: at 1 bar it would {way}. A run at constant pressure "
            "(sundog npt) finds its density."
        )
        level: Level = "caution" if value.is_enough else "unknown"
        yield Finding("equilibrated", level, "The density does not fit.", text)
