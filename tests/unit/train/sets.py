"""Small labelled sets and settings of small runs, shared by the tests of training."""

from dataclasses import replace

import numpy as np
from ase.build import molecule

from sundog.data.records import Record, RecordList
from sundog.train.settings import Batches, Data, Loss, Shape, TrainingSettings

TINY = Shape(
    features=8,
    heads=1,
    degrees=(1,),
    layers=1,
    radial_functions=8,
    angular_features=4,
    hirshfeld_features=4,
)
"""A model with the least of everything."""

SETTINGS = TrainingSettings(
    steps=6,
    validate_every=3,
    log_every=2,
    shape=TINY,
    loss=Loss(energy_weight=0.1),
    batches=Batches(batch_structures=4, layout="flat"),
    data=Data(validation_structures=3, most_bad_frames=2, check_labels=False),
)
"""A run of few steps."""

KINDS = ("H2O", "NH3", "CH4")
"""Molecules of the set."""


def tethered(number, name="H2O", **changes):
    """A molecule that was shaken, with the labels of springs to where it was."""
    atoms = molecule(name)
    rng = np.random.default_rng(number)
    moved = 0.05 * rng.normal(size=(len(atoms), 3))
    record = Record(
        numbers=atoms.numbers.astype(np.int32),
        positions=atoms.positions + moved,
        cell=np.zeros((3, 3)),
        pbc=np.zeros(3, bool),
        total_charge=0.0,
        multiplicity=1.0,
        labels={
            "forces": -20 * moved,
            "dipole": 0.1 * (atoms.positions + moved).sum(axis=0),
            "hirshfeld_ratios": np.full(len(atoms), 0.8),
            "energy": np.array(10 * np.sum(moved**2)),
        },
        number=number,
        own_name=name,
        group=name,
    )
    return replace(record, **changes)


def some(count, **changes):
    """A set of molecules."""
    return RecordList(tethered(k, KINDS[k % len(KINDS)], **changes) for k in range(count))
