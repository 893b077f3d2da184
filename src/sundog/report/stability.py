"""Findings on stability: whether a run came to its end, keeps its energy and its bonds."""

from collections.abc import Iterator, Mapping

import numpy as np

from sundog.analysis.recording import Recording
from sundog.analysis.result import Result
from sundog.report.facts import Facts
from sundog.report.findings import Finding, Level, quantity_of, signed
from sundog.units import BOLTZMANN

DRIFT_SEEN, DRIFT_BAD = 10.0, 100.0
"""Drift of the conserved energy in µeV per atom and ps from which on it is named, and from which on
it spoils a run."""

DRIFT_SHARE = 0.02
"""Change of the conserved energy per atom, as a share of k_B T, below which a drift has done no
harm yet."""

HOT = 6.0
"""Number of standard deviations of the canonical temperature from which on a spike is named."""


def ended(told: Facts, recording: Recording) -> Iterator[Finding]:
    """Yield whether the run came to its end."""
    if told.blew_up and not told.has_ended:
        text = (
            "It left a flight record (flight_record.txt) that names the atoms and a likely cause."
        )
        yield Finding("stable", "bad", "The run blew up.", text)
        return
    if told.has_ended is None:
        return
    planned = recording.settings.get("steps")
    done = told.steps_done
    if not told.has_ended:
        text = f"Step {done} of {planned} was the last that was recorded."
        yield Finding("long", "unknown", "The run has not come to its end.", text)
    elif isinstance(planned, int) and done is not None:
        if done + int(recording.settings.get("sample_every", 1)) <= planned:
            text = f"It was stopped after {done:,} of {planned:,} steps; --resume goes on."
            yield Finding("long", "unknown", "The run was stopped early.", text)
        else:
            yield Finding("stable", "good", "The run came to its end.", f"{planned:,} steps.")


def steady(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    """Yield whether numbers stay finite, energy is kept, and molecules stay what they were."""
    table = recording.energies
    bad = [name for name in ("potential_energy_ev", "temperature_kelvin") if _broken(table, name)]
    if bad:
        text = "The energies table holds values that are not finite: the simulation broke down."
        yield Finding("stable", "bad", "Numbers are not finite.", text)
        return
    yield from _drift(recording, results)
    yield from _heat(recording)
    contacts = results.get("contacts")
    if contacts is not None:
        yield from _bonds(contacts)


def _broken(table: Mapping[str, np.ndarray], name: str) -> bool:
    return name in table and not np.isfinite(table[name]).all()


def _drift(recording: Recording, results: Mapping[str, Result]) -> Iterator[Finding]:
    drift = quantity_of(results, "engine", "drift_microev_per_atom_ps")
    if drift is None:
        return
    rate, error = drift.value.mean, drift.value.error
    time = recording.energies["time_ps"]
    length = float(time[-1] - time[0])
    thermal = 1e6 * BOLTZMANN * (recording.temperature_kelvin or 300.0)
    share = abs(rate) * length / thermal
    words = (
        f"{signed(rate)} µeV per atom and ps: {100 * share:.2g} % of kT per atom in "
        f"{length:.3g} ps."
    )
    known = np.isfinite(error)
    if abs(rate) <= DRIFT_SEEN or (known and abs(rate) <= 3 * error):
        yield Finding("stable", "good", "Energy is conserved.", words)
    elif not known:
        text = f"{words} The run is too short to tell a drift from a fluctuation."
        yield Finding("stable", "unknown", "A drift cannot be told.", text)
    elif share < DRIFT_SHARE:
        yield Finding("stable", "good", "Energy has hardly changed.", words)
    elif abs(rate) > DRIFT_BAD:
        text = f"{words} Shorten the timestep, or look for a bad start."
        yield Finding("stable", "bad", "Energy is not conserved.", text)
    else:
        yield Finding("stable", "caution", "Energy drifts.", words)


def _heat(recording: Recording) -> Iterator[Finding]:
    """Yield whether the temperature ever left what fluctuations explain."""
    values = recording.energies.get("temperature_kelvin", np.zeros(0))
    bath = recording.temperature_kelvin
    if len(values) == 0 or not bath:
        return
    degrees = max(3 * len(recording.topology) - 3, 1)
    # A start from a structure at rest, or from a bad one, is the worst of it.
    limit = bath * (1 + HOT * np.sqrt(2 / degrees)) + 1.0
    hottest = int(values.argmax())
    if values[hottest] <= max(limit, 1.25 * bath):
        return
    when = float(recording.energies["time_ps"][hottest])
    late = hottest > len(values) // 2
    text = (
        f"{values[hottest]:.0f} K at {when:.3g} ps, with a bath of {bath:.0f} K: strain of the "
        + ("structure became heat." if not late else "structure still becomes heat.")
    )
    level: Level = "bad" if values[hottest] > 3 * bath and late else "caution"
    yield Finding("stable", level, "The temperature rose far above the bath.", text)


def _bonds(contacts: Result) -> Iterator[Finding]:
    series = contacts.tables.get("series", {})
    broken, formed = (series.get(name) for name in ("bonds_broken", "bonds_formed"))
    if broken is None or formed is None or len(broken) == 0:
        return
    told = [note for note in contacts.notes if ": bond " in note]
    if max(float(broken.max()), float(formed.max())) == 0:
        text = f"In the {len(broken)} frames that were looked at."
        yield Finding("stable", "good", "No bond broke or formed.", text)
    elif float(broken[-1]) == float(formed[-1]) == 0:
        text = f"All are back at the end: {'; '.join(told[:2])}."
        yield Finding("stable", "caution", "Bonds stretched beyond the usual.", text)
    else:
        text = (
            f"At the end {broken[-1]:.0f} broken and {formed[-1]:.0f} formed. "
            f"{'; '.join(told[:3])}."
        )
        yield Finding("stable", "caution", "Bonds changed.", text)
    for note in contacts.notes:
        if note.startswith("A contact"):
            yield Finding("stable", "caution", "Atoms came very close.", f"{note}.")
