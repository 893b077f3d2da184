"""`sundog doctor`, and the memory that `--dry-run` foretells."""

import re

import pytest
from ase.io import write

from fixtures import small_force_field
from sundog.cli.app import run
from sundog.io.structures import system_from_atoms
from sundog.numerics.precision import with_x64
from sundog.prepare.water import water_box
from sundog.single_points.memory import forecast


def test_what_this_installation_can_do(capsys):
    assert run(["doctor", "--no-memory"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Device 0: .* \(cpu\)", said)
    assert "Kernels plain: available" in said
    assert "Kernels gpu: not here: JAX computes on cpu" in said
    assert re.search(r"Weights: so3lr", said)


@pytest.mark.slow
def test_memory_grows_with_the_system():
    force_field = small_force_field(cutoff=6.0)

    @with_x64
    def of(molecules):
        system = system_from_atoms(water_box(molecules))
        return forecast(force_field, system, force_field.allocate_neighbors(system, 0.3))

    small, large = of(40), of(160)
    assert large.atoms == 4 * small.atoms
    assert 2 * small.atoms * small.bytes_per_atom < large.atoms * large.bytes_per_atom
    assert large.most_atoms > 1000


def test_a_system_that_would_not_fit(tmp_path, capsys, monkeypatch):
    write(tmp_path / "water.extxyz", water_box(32))
    monkeypatch.setattr("sundog.single_points.memory.available_memory", lambda: 10**6)
    arguments = ["nvt", str(tmp_path / "water.extxyz"), "-o", str(tmp_path / "run"), "--dry-run"]
    assert run([*arguments, "--cutoff-angstrom", "6", "--steps", "10"]) == 0
    assert "would not fit" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()
