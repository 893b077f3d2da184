"""The end of a run in words: means with errors, drift, and where everything is."""

from collections.abc import Iterator, Mapping

import numpy as np

from sundog.analysis.blocking import block_average
from sundog.errors import InputError
from sundog.io.run_directory import RunDirectory
from sundog.simulate.settings import SimulationSettings

MEANS = {
    "temperature_kelvin": ("Temperature", "K", 1),
    "potential_energy_ev": ("Potential energy", "eV", 3),
    "pressure_bar": ("Pressure", "bar", 0),
    "density_g_per_cm3": ("Density", "g/cm³", 4),
}
SHARE_OF_EQUILIBRATION = 0.5
"""Of the run, left out of the means."""


def summarize(table: Mapping[str, np.ndarray], atoms: int) -> Iterator[str]:
    """Yield the lines of the summary of one run's energies table."""
    count = len(table["step"])
    first = int(count * SHARE_OF_EQUILIBRATION)
    yield f"Means and standard errors over the last {count - first} of {count} samples:"
    for name, (label, unit, digits) in MEANS.items():
        if name not in table:
            continue  # no cell, no pressure
        values = table[name][first:]
        try:
            mean, error = block_average(values)
        except InputError:
            continue
        yield f"  {label:18s} {mean:.{digits}f} ± {error:.{digits}f} {unit}"
    if count > 2:
        span = table["time_ps"][-1] - table["time_ps"][0]
        slope = np.polyfit(table["time_ps"], table["conserved_energy_ev"], 1)[0]
        per_atom = 1e6 * slope / atoms
        yield f"  {'Energy drift':18s} {per_atom:+.2f} µeV/atom/ps of the conserved energy"
        yield f"  {'Length':18s} {span:.3f} ps sampled"


def where(directory: RunDirectory, settings: SimulationSettings) -> Iterator[str]:
    """Yield the places of what a run wrote."""
    for k in range(settings.replicas):
        own = directory.replica(k, settings.replicas)
        yield f"Trajectory  {own.trajectory('.' + settings.trajectory)}"
        yield f"Topology    {own.topology}"
        yield f"Energies    {own.energies}"
        yield f"Picture     {own.report}"
    yield f"Final       {directory.final}"
    yield f"Checkpoints {directory.checkpoints}"
    yield f"Log         {directory.log}"
