"""Checkpoints of orbax, where TensorStore is installed, and what is said where it is not."""

import json
import sys

import numpy as np
import pytest
from foreign_models import TINY, UPSTREAM_SETTINGS, flax_arrays, random_arrays

from sundog.errors import UnavailableError, WeightsError
from sundog.weights.importing import import_weights
from sundog.weights.orbax import find_checkpoint

ARRAYS = flax_arrays(random_arrays())


def metadata(folder, paths):
    folder.mkdir(parents=True)
    tree = {
        str(path): {"key_metadata": [{"key": part, "key_type": 2} for part in path]}
        for path in paths
    }
    (folder / "_METADATA").write_text(json.dumps({"tree_metadata": tree, "use_zarr3": False}))


def checkpoint(folder, whole):
    """Write arrays as orbax does, in a database or each in a folder of its own."""
    tensorstore = pytest.importorskip("tensorstore")
    paths = [("params", *path.removeprefix("params/").split("/")) for path in ARRAYS]
    metadata(folder, paths)
    base = f"file://{folder}/"
    for path, array in zip(paths, ARRAYS.values(), strict=True):
        place = ".".join(path) + "/"
        store = {"driver": "ocdbt", "base": base, "path": place} if whole else base + place
        spec = {"driver": "zarr", "kvstore": store}
        made = tensorstore.open(
            spec, create=True, dtype=tensorstore.float32, shape=array.shape
        ).result()
        made.write(array).result()


@pytest.mark.parametrize("whole", [True, False])
def test_the_last_checkpoint_is_imported(cache, tmp_path, whole):
    folder = tmp_path / "tuned"
    for step in (500, 10_000):
        checkpoint(folder / "checkpoints" / f"ckpt_{step}" / "params", whole)
    assert find_checkpoint(folder) == folder / "checkpoints" / "ckpt_10000" / "params"
    (folder / "hyperparameters.json").write_text(json.dumps(UPSTREAM_SETTINGS))
    imported = import_weights(folder)
    assert (imported.name, imported.hyperparameters) == ("tuned", TINY)
    for name, array in random_arrays().items():
        np.testing.assert_array_equal(imported.arrays[name], array, err_msg=name)
    (folder / "checkpoints" / "ckpt_10000" / "params" / "_METADATA").write_text("{}")
    with pytest.raises(WeightsError, match="cannot be read"):
        import_weights(folder, name="other")


def test_the_missing_package_is_named(cache, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorstore", None)
    metadata(tmp_path / "checkpoints" / "ckpt_1" / "params", [("params", "a")])
    with pytest.raises(UnavailableError, match=r"pip install 'sundog\[orbax\]'"):
        import_weights(tmp_path)


@pytest.mark.parametrize("path", [("other", "a"), ("params", ".."), ("params", "a/b")])
def test_names_that_lead_elsewhere_are_refused(cache, tmp_path, path):
    pytest.importorskip("tensorstore")
    metadata(tmp_path / "params", [path])
    with pytest.raises(WeightsError, match="cannot be read"):
        import_weights(tmp_path)
