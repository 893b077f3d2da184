"""Time other implementations of SO3LR on one periodic structure: force call and whole NVT step.

    .venv-peers/bin/python benchmarks/peers/measure.py --case water-1536 \
        --structure water.extxyz [--json FILE] [--forces FILE.npy]

Runs in the environment of `make peers`, never in sundog's; published weights, float32,
electrostatics and dispersion cut at 12 Å. Medians after warm-up, on all cores.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ase
import ase.io
import numpy as np

# As sundog's launcher sets it: both sides keep the memory that they free.
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "64000000000",
    "MALLOC_TRIM_THRESHOLD_": "64000000000",
    "MALLOC_TOP_PAD_": "500000000",
}
CUTOFF_ANGSTROM = 12.0
TIMESTEP_FS = 0.5
TEMPERATURE_KELVIN = 300.0
FRICTION_PER_PS = 1.0
WARM_UP = 3


@dataclass(frozen=True)
class Peer:
    """One implementation, ready to be called.

    Attributes:
        force: Evaluates energy and forces with the pair lists fixed; returns the forces in eV/Å.
        step: Advances NVT dynamics by one step, pair lists included; None where it has none.
    """

    force: Callable[[], np.ndarray]
    step: Callable[[], object] | None


def so3krates_torch(atoms: ase.Atoms) -> Peer:
    """Return `so3krates-torch`: its model for the force call, its ASE calculator for the step."""
    import torch
    from ase import units
    from ase.md.langevin import Langevin
    from so3krates_torch.calculator.so3 import SO3LRCalculator
    from so3krates_torch.data.atomic_data import AtomicData, get_data_loader
    from so3krates_torch.data.utils import config_from_atoms

    torch.set_num_threads(os.cpu_count() or 1)
    calculator = SO3LRCalculator(r_max_lr=CUTOFF_ANGSTROM, default_dtype="float32")
    (model,) = calculator.models
    data = AtomicData.from_config(
        config_from_atoms(atoms, key_specification=calculator.key_specification),
        z_table=calculator.z_table,
        cutoff=calculator.r_max,
        cutoff_lr=CUTOFF_ANGSTROM,
    )
    batch = next(iter(get_data_loader([data], batch_size=1, shuffle=False)))
    moving = atoms.copy()
    moving.calc = calculator
    dynamics = Langevin(
        moving,
        TIMESTEP_FS * units.fs,
        temperature_K=TEMPERATURE_KELVIN,
        friction=FRICTION_PER_PS / (1000 * units.fs),
        fixcm=False,
        rng=np.random.default_rng(0),
    )
    return Peer(
        force=lambda: model(batch.to_dict(), compute_stress=False)["forces"].detach().numpy(),
        step=lambda: dynamics.run(1),
    )


PEERS: dict[str, Callable[[ase.Atoms], Peer]] = {"so3krates-torch": so3krates_torch}


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measure(name: str, case: str, atoms: ase.Atoms, repeats: int) -> tuple[dict, np.ndarray]:
    """Return the figures of one peer and its forces; times are µs per atom."""
    per_atom = 1e6 / len(atoms)
    peer = PEERS[name](atoms)
    compile_s = _seconds(peer.force)
    calls = [call for call in (peer.force, peer.step) if call]
    for _ in range(WARM_UP):
        for call in calls:
            call()
    times = np.array([[_seconds(call) for call in calls] for _ in range(repeats)]) * per_atom
    force = times[:, 0]
    figures = {
        "case": case,
        "atoms": len(atoms),
        "kernels": name,
        "precision": "float32",
        "force_us_per_atom": float(np.median(force)),
        "step_us_per_atom": float(np.median(times[:, 1])) if peer.step else None,
        "compile_s": compile_s,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "spread": [float(force.min()), float(force.max())],
        "force_seconds": (force / per_atom).tolist(),
        "step_seconds": (times[:, 1] / per_atom).tolist() if peer.step else [],
    }
    return figures, peer.force()


def main() -> None:
    """Measure one peer, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", required=True, help="what to call it: water-<atoms>")
    parser.add_argument("--structure", type=Path, required=True, help="extxyz, periodic")
    parser.add_argument("--peer", choices=sorted(PEERS), default="so3krates-torch")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--forces", type=Path, help="also write the forces here, .npy, eV/Å")
    options = parser.parse_args()
    if any(name not in os.environ for name in ALLOCATOR):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})
    atoms = ase.io.read(options.structure)
    if not options.case.endswith(f"-{len(atoms)}"):
        parser.error(f"{options.structure} has {len(atoms)} atoms, which {options.case} denies")
    figures, forces = measure(options.peer, options.case, atoms, options.repeats)
    print(json.dumps([figures], indent=2))
    if options.json:
        options.json.write_text(json.dumps([figures], indent=2) + "\n")
    if options.forces:
        np.save(options.forces, forces)


if __name__ == "__main__":
    main()
