"""Weights come back the same from the files that other programs read."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from foreign_models import TINY, flax_arrays, torch_arrays

from sundog.cli.app import run
from sundog.errors import WeightsError
from sundog.weights.export import export_weights
from sundog.weights.importing import import_weights
from sundog.weights.names import array_shapes
from sundog.weights.store import WeightSet, write_weights

MODEL = replace(TINY, angular_features=2, hirshfeld_features=4)
"""Small model of the widths that other programs have."""


def weights(model=MODEL):
    random = np.random.default_rng(1)
    arrays = {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in array_shapes(model).items()
    }
    # No atom has the number 0, and files have no row for it, or one at random.
    for name in (
        "embedding.element",
        "embedding.charge.query",
        "embedding.spin.query",
        "energy_head.scale",
        "energy_head.shift",
    ):
        arrays[name][0] = 0.0
    return WeightSet("mine", model, arrays, {"source": {"kind": "test"}, "licence": None})


@pytest.mark.parametrize(("program", "file"), [("upstream", "params.pkl"), ("torch", "mine.pth")])
def test_weights_come_back(cache, tmp_path, program, file):
    ours = weights()
    files = export_weights(ours, tmp_path / "out", program)
    assert [one.name for one in files] == [file, "hyperparameters.json"]
    back = import_weights(tmp_path / "out", name="back")
    assert back.hyperparameters == MODEL
    assert back.arrays.keys() == ours.arrays.keys()
    for name, array in ours.arrays.items():
        np.testing.assert_array_equal(back.arrays[name], array, err_msg=name)
    with pytest.raises(WeightsError, match="exists"):
        export_weights(ours, tmp_path / "out", program)


def test_names_and_layouts_are_those_of_the_programs(tmp_path):
    """Compared with the second table of names, which is written by hand."""
    ours = weights()
    export_weights(ours, tmp_path, "upstream")
    tree = pickle.loads((tmp_path / "params.pkl").read_bytes())["params"]
    for path, expected in flax_arrays(ours.arrays).items():
        found = tree
        for part in path.removeprefix("params/").split("/"):
            found = found[part]
        first = 1 if len(expected) == 119 else 0  # flax begins the unused row at random
        np.testing.assert_array_equal(found[first:], expected[first:], err_msg=path)


def test_torch_reads_the_state_dict(tmp_path):
    torch = pytest.importorskip("torch")
    ours = weights()
    export_weights(ours, tmp_path, "torch")
    found = torch.load(tmp_path / "mine.pth", weights_only=True)
    expected = torch_arrays(ours.arrays)
    for name, tensor in found.items():
        np.testing.assert_array_equal(tensor.numpy(), expected[name], err_msg=name)


def test_the_same_weights_are_the_same_bytes(tmp_path):
    for program, file in (("upstream", "params.pkl"), ("torch", "mine.pth")):
        for folder in ("a", "b"):
            export_weights(weights(), tmp_path / folder / program, program)
        assert (tmp_path / "a" / program / file).read_bytes() == (
            tmp_path / "b" / program / file
        ).read_bytes()


def test_a_model_that_others_do_not_have_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"this angular_features \(got 5\)"):
        export_weights(weights(TINY), tmp_path, "torch")
    assert not [*tmp_path.iterdir()]


def test_settings_are_those_that_upstream_needs(tmp_path):
    export_weights(weights(), tmp_path, "upstream")
    found = json.loads((tmp_path / "hyperparameters.json").read_text())
    assert found["model"]["degrees"] == [1, 2, 3, 4]
    assert found["model"]["num_features"] == 8
    assert found["data"]["avg_num_neighbors"] == MODEL.average_neighbors


def test_the_verb(cache, tmp_path, capsys):
    write_weights(weights())
    words = ["weights", "export", "mine", "-o", str(tmp_path / "out"), "--program", "torch"]
    assert run(words) == 0
    assert "mine.pth" in capsys.readouterr().out
    assert run(words) == 2
    assert "exists" in capsys.readouterr().err
