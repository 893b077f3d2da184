"""Every verb as a user meets it, in a process of its own where that matters."""

import json
import os
import signal
import subprocess
import sys
import time

import mdtraj
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.io import read, write

from sundog.cli.app import run
from sundog.io.table import read_table


def water_file(path, count=8):
    from sundog.io.extxyz import write_extxyz
    from sundog.prepare.water import water_box

    write_extxyz(path, water_box(count))
    return path


@pytest.fixture
def molecules(tmp_path):
    frames = [molecule("CH3CH2OH"), molecule("H2O"), molecule("NO2")]
    frames[1].info.update(charge=1, spin=2)
    frames[2].info.update(spin=2)
    path = tmp_path / "in.extxyz"
    write(path, frames)
    return path


def test_predict_writes_every_frame_in_full_precision(molecules, tmp_path):
    out = tmp_path / "out.extxyz"
    command = ["predict", str(molecules), "-o", str(out), "--electrostatics", "exact"]
    assert run([*command, "--precision", "float64"]) == 0
    frames = read(out, ":")
    assert len(frames) == 3
    assert frames[1].info["charge"] == 1
    for atoms in frames:
        terms = ("so3krates", "zbl", "electrostatics", "dispersion")
        energy = atoms.get_potential_energy()
        assert sum(atoms.info[f"energy_{name}"] for name in terms) == pytest.approx(
            energy, rel=1e-14
        )
        np.testing.assert_allclose(atoms.get_forces().sum(axis=0), 0, atol=1e-10)
        assert atoms.get_charges().sum() == pytest.approx(atoms.info.get("charge", 0), abs=1e-10)
        assert atoms.get_dipole_moment().shape == (3,)
        assert atoms.arrays["hirshfeld_ratios"].shape == (len(atoms),)
    assert len(repr(float(frames[0].get_forces()[0, 0])).lstrip("-0.")) > 12


def test_predict_of_a_periodic_file_chooses_truncated_and_gives_stress(tmp_path, capsys):
    source, out = water_file(tmp_path / "w.extxyz"), tmp_path / "out.extxyz"
    assert run(["predict", str(source), "-o", str(out), "--precision", "float32"]) == 0
    assert "truncated (12 Å), float32" in capsys.readouterr().out
    stress = read(out).get_stress(voigt=False)
    np.testing.assert_allclose(stress, stress.T)
    assert stress.shape == (3, 3)


def test_predict_with_all_images_on_a_mesh(tmp_path, capsys):
    source, energies = water_file(tmp_path / "w.extxyz"), []
    arguments = ["predict", str(source), "--electrostatics", "ewald", "--cutoff-angstrom", "12"]
    for name, more in (("a", []), ("b", ["--ewald-accuracy", "1e-5", "--kernels", "reference"])):
        out = tmp_path / f"{name}.extxyz"
        assert run([*arguments, "--precision", "float64", "-o", str(out), *more]) == 0
        energies.append(read(out).info["energy_electrostatics"])
    said = capsys.readouterr().out
    assert "ewald (all images, mesh to 0.0001 eV/Å; dispersion 12 Å), float64" in said
    assert "mesh to 1e-05 eV/Å" in said
    assert energies[0] == pytest.approx(energies[1], abs=1e-4)
    coarse = ["-o", str(tmp_path / "c.extxyz"), "--ewald-accuracy", "1e-5"]
    assert run([*arguments, *coarse, "--precision", "float32"]) == 2
    assert "Use --precision float64" in capsys.readouterr().err


def test_predict_a_slab_beside_a_crystal(tmp_path, capsys):
    source, out = tmp_path / "two.extxyz", tmp_path / "out.extxyz"
    whole = read(water_file(tmp_path / "w.extxyz"))
    slab = whole.copy()
    slab.set_pbc((True, True, False))
    write(source, [slab, whole])
    arguments = ["predict", str(source), "-o", str(out), "--electrostatics", "ewald"]
    assert run([*arguments, "--cutoff-angstrom", "6"]) == 0
    assert "Slab: ewald in a box" in capsys.readouterr().out
    energies = [atoms.info["energy_electrostatics"] for atoms in read(out, ":")]
    assert abs(energies[0] - energies[1]) > 0.01
    assert run([*arguments, "--overwrite", "--charge", "1"]) == 2
    assert "counter-ions" in capsys.readouterr().err


def test_md_leaves_a_complete_run(tmp_path, capsys):
    source, out = water_file(tmp_path / "w.extxyz"), tmp_path / "run"
    arguments = ["nvt", str(source), "-o", str(out), "--steps", "25", "--sample-every", "5"]
    arguments += ["--frame-every", "10", "--minimize", "--minimize-steps", "5", "--seed", "3"]
    assert run(arguments) == 0
    said = capsys.readouterr().out
    assert "Minimised" in said
    assert str(out / "trajectory.xtc") in said
    table = read_table(out / "energies.csv")
    np.testing.assert_array_equal(table["step"], [5, 10, 15, 20, 25])
    trajectory = mdtraj.load(out / "trajectory.xtc", top=out / "topology.pdb")
    assert len(trajectory) == 3  # steps 0, 10, 20
    assert trajectory.topology.n_residues == 8
    final = read(out / "final.extxyz")
    assert np.abs(final.get_momenta()).sum() > 0
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["weights"]["name"] == "so3lr"
    assert (out / "report.png").stat().st_size > 10_000
    assert "steps: 25" in (out / "config.yaml").read_text()
    # A folder with a run is not touched, unless asked to.
    before = (out / "energies.csv").read_bytes()
    assert run(arguments) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "energies.csv").read_bytes() == before
    assert run([*arguments, "--overwrite"]) == 0
    assert (out / "energies.csv").read_bytes() == before  # the same seed, the same bits


def test_nve_of_a_molecule_in_extxyz_conserves_energy(tmp_path):
    source, out = tmp_path / "m.xyz", tmp_path / "run"
    write(source, molecule("CH3CH2OH"))
    arguments = ["nve", str(source), "-o", str(out), "--steps", "40", "--sample-every", "10"]
    arguments += ["--frame-every", "20", "--trajectory", "extxyz", "--timestep-fs", "0.25"]
    assert run([*arguments, "--temperature-kelvin", "200", "--precision", "float64"]) == 0
    table = read_table(out / "energies.csv")
    assert np.ptp(table["conserved_energy_ev"]) < 1e-3
    # What needs a cell has no column.
    assert not {"pressure_bar", "density_g_per_cm3", "cell_a_angstrom"} & table.keys()
    frames = read(out / "trajectory.extxyz", ":")
    assert [len(frames), len(frames[0])] == [3, 9]


def bad(tmp_path, name):
    """Write an input that cannot be simulated and return its path."""
    path = tmp_path / f"{name}.extxyz"
    atoms = molecule("H2O")
    match name:
        case "element":
            atoms.symbols[0] = "Si"
        case "half_charge":
            atoms.info["charge"] = 0.5
        case "parity":
            atoms.info.update(charge=1, spin=1)
        case "nan":
            atoms.positions[1, 1] = np.nan
        case "coincident":
            atoms.positions[1] = atoms.positions[2]
        case "flat_cell":
            atoms.set_cell([5, 5, 0])
            atoms.pbc = True
        case "empty":
            path.write_text("")
            return path
        case "unreadable":
            path.write_text("this is no structure\n" * 3)
            return path
    write(path, atoms)
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("element", "Si"),
        ("half_charge", "integer"),
        ("parity", "valences of the structure make"),
        ("nan", "not finite"),
        ("coincident", "coincide"),
        ("flat_cell", "volume"),
        ("empty", "empty"),
        ("unreadable", "cannot be read"),
    ],
)
@pytest.mark.parametrize("verb", ["predict", "md"])
def test_bad_input_is_one_paragraph_and_exit_code_2(verb, name, words, tmp_path, capsys):
    output = tmp_path / "out"
    assert run([verb, str(bad(tmp_path, name)), "-o", str(output)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sundog: ")
    assert words in error
    assert len(error.strip().splitlines()) == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cutoff-angstrom", "4.5"], "above 4.5"),
        (["--electrostatics", "exact"], "periodic"),
        (["--charge", "0.5"], "integer"),
        (["--multiplicity", "2"], "odd multiplicity"),
        (["--steps", "0"], "--steps"),
        (["--timestep-fs", "-1"], "--timestep-fs"),
        (["--temperature-kelvin", "-1"], "--temperature-kelvin"),
        (["--frame-every", "15"], "multiple"),
        (["--model", "no-such-model"], "no-such-model"),
        (["--config", "missing.yaml"], "missing.yaml"),
    ],
)
def test_bad_settings(arguments, words, tmp_path, capsys):
    source, out = water_file(tmp_path / "w.extxyz", 2), tmp_path / "run"
    assert run(["md", str(source), "-o", str(out), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_unknown_flags_and_keys_get_a_suggestion(tmp_path, capsys):
    assert run(["md", "x.xyz", "-o", "run", "--stepss", "5"]) == 2
    assert "Perhaps --steps is meant" in capsys.readouterr().err
    config = tmp_path / "c.yaml"
    config.write_text("temprature_kelvin: 300\n")
    assert run(["md", "x.xyz", "-o", "run", "--config", str(config)]) == 2


def test_a_missing_file_suggests_its_neighbour(tmp_path, capsys):
    water_file(tmp_path / "water.extxyz")
    assert run(["predict", str(tmp_path / "watr.extxyz"), "-o", str(tmp_path / "o.xyz")]) == 2
    assert "water.extxyz" in capsys.readouterr().err


def test_config_file_is_read_and_flags_go_first(tmp_path):
    source, out = tmp_path / "m.xyz", tmp_path / "run"
    write(source, Atoms("H2", [[0, 0, 0], [0, 0, 0.75]]))
    config = tmp_path / "c.yaml"
    config.write_text(
        "steps: 30\nsample_every: 5\nframe_every: 10\nensemble: nve\nminimize: true\n"
    )
    assert run(["md", str(source), "-o", str(out), "--config", str(config), "--steps", "10"]) == 0
    np.testing.assert_array_equal(read_table(out / "energies.csv")["step"], [5, 10])
    written = (out / "config.yaml").read_text()
    assert "ensemble: nve" in written
    assert "minimize: true" in written  # a key that is also the name of a verb


def sundog(*arguments, **kwargs):
    return [sys.executable, "-m", "sundog", *map(str, arguments)]


def test_help_is_quick_and_does_not_import_jax():
    probe = "import sys; from sundog.cli.app import run; run(['md', '--help']); "
    probe += "sys.exit('jax' in sys.modules)"
    times = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False)
        after = os.times()
        # Processor time, which other tests beside this one do not lengthen as they do the clock's.
        times.append(after.children_user - before.children_user)
        times[-1] += after.children_system - before.children_system
        assert done.returncode == 0, done.stderr
    assert b"--temperature-kelvin" in done.stdout
    assert min(times) < 1.0  # 0.25 s when the machine has nothing else to do


def test_ctrl_c_ends_a_run_with_everything_written(tmp_path):
    source, out = water_file(tmp_path / "w.extxyz", 4), tmp_path / "run"
    command = sundog("md", source, "-o", out, "--steps", 10_000_000, "--frame-every", 10)
    # Into a file: a pipe that nobody reads would stop the run once it is full.
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 300
        while not (out / "energies.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 128 + signal.SIGINT
        said.seek(0)
        lines = said.read().splitlines()
    assert any("Stopped early" in line for line in lines)
    assert not [line for line in lines if "cpu_aot_loader" in line]
    table = read_table(out / "energies.csv")
    final = read(out / "final.extxyz")
    assert len(table["step"]) > 1
    assert len(final) == 12
    frames = mdtraj.load(out / "trajectory.xtc", top=out / "topology.pdb")
    assert len(frames) == 1 + table["step"][-1] // 10


def test_weights_verbs(capsys):
    assert run(["weights", "fetch"]) == 0
    assert run(["weights", "list"]) == 0
    assert "so3lr" in capsys.readouterr().out
    assert run(["weights", "show"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["hyperparameters"]["features"] == 128
    assert "10.1021/jacs.5c09558" in json.dumps(card)
    assert run(["weights", "show", "so3lrr"]) == 2
    assert run(["weights", "import", "no-such-file.pkl"]) == 2


def test_ctrl_c_of_a_verb_that_keeps_nothing_is_told(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    # Of what `sundog weights list` asks first.
    monkeypatch.setattr("sundog.weights.store.weights_directory", interrupted)
    assert run(["weights", "list"]) == 130
    assert "Interrupted" in capsys.readouterr().err
