"""Steps of training of so3krates-torch, timed as `sundog bench --training` times sundog's.

Its own loader, loss and step, with the published shape and weights, all parameters trained; lists
are made before the clock starts. The molecules are those of sundog's benchmark.

python training.py JOB RESULT, where JOB is JSON: {"batch": 64, "seconds": 5}
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import so3krates_torch
import torch
from ase.build import molecule
from so3krates_torch.data.utils import KeySpecification
from so3krates_torch.modules.loss import WeightedEnergyForcesDipoleHirshfeldLoss
from so3krates_torch.tools.train import take_step
from so3krates_torch.tools.utils import AtomicNumberTable, create_dataloader_from_list

MOLECULES = ("trans-butane", "isobutane")
"""Molecules of the batch, as in sundog's benchmark."""

KICK = 0.05
"""Standard deviation in Å by which coordinates are moved."""

KEYS = KeySpecification(
    info_keys={
        "energy": "REF_energy",
        "dipole": "REF_dipole",
        "total_charge": "total_charge",
        "total_spin": "total_spin",
    },
    arrays_keys={"forces": "REF_forces", "hirshfeld_ratios": "REF_hirshfeld"},
)
"""Names of the labels."""


def batch_of(count):
    """Return the batch, with its lists, and the number of atoms of a molecule."""
    random = np.random.default_rng(0)
    frames = []
    for number in range(count):
        atoms = molecule(MOLECULES[number % len(MOLECULES)])
        size = len(atoms)
        atoms.arrays["REF_forces"] = random.normal(size=(size, 3))
        atoms.info |= {
            "REF_energy": 0.0,
            "REF_dipole": random.normal(size=3),
            "total_charge": 0,
            "total_spin": 0,
        }
        atoms.arrays["REF_hirshfeld"] = random.uniform(0.5, 1.0, size)
        atoms.positions += KICK * random.normal(size=(size, 3))
        frames.append(atoms)
    loader = create_dataloader_from_list(
        frames,
        batch_size=count,
        r_max=4.5,
        r_max_lr=100.0,
        key_specification=KEYS,
        shuffle=False,
        z_table=AtomicNumberTable(list(range(1, 119))),
    )
    return next(iter(loader)), len(frames[0])


def main(job, target):
    """Time steps and write the figures."""
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    weights = Path(so3krates_torch.__file__).parent / "pretrained" / "so3lr" / "so3lr.model"
    model = torch.load(weights, map_location="cpu", weights_only=False).to(torch.float32)
    for parameter in model.parameters():
        parameter.requires_grad = True
    loss = WeightedEnergyForcesDipoleHirshfeldLoss(0.0, 10.0, 1.0, 1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, amsgrad=True)
    asked = {"forces": True, "virials": False, "stress": False}
    batch, atoms = batch_of(job["batch"])
    wall, cpu, first, began, enough = [], [], 0.0, time.perf_counter(), False
    while not enough:
        start, used = time.perf_counter(), time.process_time()
        take_step(model, loss, batch, optimizer, None, asked, 10.0, torch.device("cpu"))
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
        first = first or wall[0]
        enough = len(wall) > 3 and time.perf_counter() - began - first > job["seconds"]
    figures = {
        "wall_s": wall[1:],
        "cpu_s": cpu[1:],
        "compile_s": first,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "atoms": atoms,
    }
    Path(target).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2])
