"""Summary of a run: means with errors, energy drift, and the paths of its files."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sundog.analysis.dielectric import permittivity
from sundog.analysis.statistics import estimate
from sundog.analysis.window import FEWEST_SAMPLES, change, first_sample, is_enough
from sundog.engine.observers.base import AbstractObserver
from sundog.engine.samples import means
from sundog.errors import InputError
from sundog.runs.directory import RunDirectory
from sundog.runs.settings import SimulationSettings
from sundog.units import DEBYE

DIPOLE = tuple(f"dipole_{axis}_e_angstrom" for axis in "xyz")
"""Columns of the energies table with the components of the dipole in e·Å."""


def summarize(
    table: Mapping[str, np.ndarray], atoms: int, observers: Sequence[AbstractObserver] = ()
) -> Iterator[str]:
    """Yield the lines of the summary of one run's energies table.

    A run that is too short for means with errors is said to be so, and nothing else of it.

    Args:
        table: columns of the energies table by name.
        atoms: number of atoms.
        observers: observers of the user, whose means come after those of every run.
    """
    count = len(table["step"])
    first = first_sample(count)
    if not is_enough(count):
        yield (
            f"Means: too short to tell from {count - first} samples, the last half of the run; "
            f"{FEWEST_SAMPLES} are needed"
        )
        return
    begin = table["time_ps"][first]
    yield (
        f"Means and standard errors over the last {count - first} of {count} samples, "
        f"from {begin:.3f} ps:"
    )
    for name, label, unit, digits in means(observers):
        if name not in table:
            continue  # no cell, no pressure
        values = table[name][first:]
        try:
            mean = estimate(values)
        except InputError:
            continue
        moved = change(values)
        doubt = "" if moved is None else f"; not stationary: changed by {moved:+.{digits}f} {unit}"
        yield f"  {label:18s} {mean.text(digits, unit)}{doubt}"
    span = table["time_ps"][-1] - table["time_ps"][0]
    slope = np.polyfit(table["time_ps"], table["conserved_energy_ev"], 1)[0]
    per_atom = 1e6 * slope / atoms
    yield f"  {'Energy drift':18s} {per_atom:+.2f} µeV/atom/ps of the conserved energy, whole run"
    yield f"  {'Length':18s} {span:.3f} ps sampled"


def summarize_dipole(
    table: Mapping[str, np.ndarray], fluctuating_at_kelvin: float | None
) -> Iterator[str]:
    """Yield the lines on the dipole of one run's energies table.

    Args:
        table: columns of the energies table by name; without dipoles there are no lines.
        fluctuating_at_kelvin: temperature where fluctuations give the permittivity: a neutral
            cell in equilibrium, in conducting surroundings; else None.
    """
    count = len(table["step"])
    if not set(DIPOLE) <= set(table) or not is_enough(count):
        return
    first = first_sample(count)
    dipoles = np.stack([table[name][first:] for name in DIPOLE], axis=1)
    length = estimate(np.linalg.norm(dipoles, axis=1) / DEBYE)
    yield f"  {'Dipole':18s} {length.text(2, 'D')}, its length"
    if fluctuating_at_kelvin is not None:
        volumes = table["volume_angstrom3"][first:]
        relative = permittivity(dipoles, volumes, fluctuating_at_kelvin)
        yield (
            f"  {'Permittivity':18s} {relative.text(1)} of the charges on the nuclei; "
            "a liquid needs hundreds of ps"
        )


def where(directory: RunDirectory, settings: SimulationSettings) -> Iterator[str]:
    """Yield lines with the paths of the files that a run wrote."""
    for k in range(settings.number_of_replicas):
        own = directory.replica(k, settings.number_of_replicas)
        yield f"Trajectory  {own.trajectory('.' + settings.output.trajectory)}"
        yield f"Topology    {own.topology}"
        yield f"Energies    {own.energies}"
        yield f"Picture     {own.report}"
    yield f"Final       {directory.final}"
    yield f"Checkpoints {directory.checkpoints}"
    yield f"Log         {directory.log}"
