"""Time the plain formulation: force call and whole NVT step of 512 water molecules, float32.

    python benchmarks/plain.py [--molecules 512] [--json FILE]

Prints medians with their range over interleaved repeats, compile time and peak memory.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import equinox as eqx
import jax
import numpy as np

from sundog.io.structures import system_from_atoms
from sundog.prepare.water import water_box
from sundog.simulate.ensembles import nvt_langevin
from sundog.simulate.run import run
from sundog.simulate.state import initial_state, with_thermal_momenta
from sundog.weights.load import load

REPEATS = 7
STEPS = 5


@eqx.filter_jit
def _forces(force_field, system, pairs):
    prediction = force_field(system, pairs)
    return prediction.energy, prediction.forces, prediction.virial


def measure(molecules: int) -> dict[str, object]:
    """Return the figures of one box of water."""
    force_field = load(electrostatics="truncated", cutoff_angstrom=12.0, precision="float32")
    system = system_from_atoms(water_box(molecules))
    state = with_thermal_momenta(initial_state(system, force_field, seed=0), 300.0)
    pairs = state.neighbors.pairs
    begin = time.perf_counter()
    jax.block_until_ready(_forces(force_field, system, pairs))
    compile_s = time.perf_counter() - begin
    ensemble = nvt_langevin(force_field, 0.5, 300.0, 1.0)

    def chunk(state):
        (done,) = run(state, ensemble, steps=STEPS, sample_every=STEPS, frame_every=STEPS)
        return done

    state = chunk(state).state
    force, step = [], []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        jax.block_until_ready(_forces(force_field, system, pairs))
        force.append(time.perf_counter() - begin)
        done = chunk(state)
        state = done.state
        step.append(done.seconds / STEPS)
    per_atom = 1e6 / system.number_of_atoms

    def spread(seconds: list[float]) -> dict[str, float]:
        values = np.sort(seconds) * per_atom
        return {"median": float(np.median(values)), "min": values[0], "max": values[-1]}

    return {
        "case": f"water-{system.number_of_atoms}",
        "kernels": "plain",
        "precision": "float32",
        "force_us_per_atom": spread(force),
        "step_us_per_atom": spread(step),
        "compile_s": compile_s,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "pairs": {name: len(one.i) for name, one in pairs.items()},
        "device": jax.devices()[0].device_kind,
        "jax": jax.__version__,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--molecules", type=int, default=512)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    figures = measure(options.molecules)
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps([figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
