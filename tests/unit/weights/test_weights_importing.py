"""Whatever a user has becomes a weight set, or an error that says what to do."""

import json

import pytest
import yaml
from foreign_models import (
    TINY,
    TORCH_SETTINGS,
    UPSTREAM_SETTINGS,
    flax_arrays,
    flax_pickle,
    random_arrays,
    torch_archive,
    torch_arrays,
)

from sundog.cli.app import run
from sundog.errors import WeightsError
from sundog.weights.importing import import_weights
from sundog.weights.store import WeightSet, read_weights, resolve, write_weights


@pytest.fixture
def workdir(tmp_path):
    """What upstream's training leaves behind, with the parameters pickled."""
    folder = tmp_path / "finetuned"
    folder.mkdir()
    (folder / "params.pkl").write_bytes(flax_pickle(flax_arrays(random_arrays())))
    (folder / "hyperparameters.json").write_text(json.dumps(UPSTREAM_SETTINGS))
    (folder / "checkpoints").mkdir()
    return folder


def test_an_upstream_workdir_is_imported_under_its_name(cache, workdir):
    imported = import_weights(workdir)
    assert (imported.name, imported.hyperparameters) == ("finetuned", TINY)
    assert imported.card["assumed_hyperparameters"] == ["radial_decay", "zbl_cutoff"]
    assert imported.card["source"]["file"] == "params.pkl"
    assert imported.card["licence"] is None
    assert resolve("finetuned").card == imported.card


def test_settings_may_be_yaml(cache, workdir):
    (workdir / "hyperparameters.json").unlink()
    (workdir / "hyperparameters.yaml").write_text(yaml.safe_dump(UPSTREAM_SETTINGS))
    assert import_weights(workdir / "params.pkl").card["assumed_hyperparameters"] == [
        "radial_decay",
        "zbl_cutoff",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hyperparameters.json", "{"),
        ("hyperparameters.json", "[]"),
        ("hyperparameters.yaml", "a: [1"),
        ("hyperparameters.yaml", "!!python/object/apply:os.system ['true']"),
    ],
)
def test_settings_that_cannot_be_read_are_named(cache, workdir, name, text):
    (workdir / "hyperparameters.json").unlink()
    (workdir / name).write_text(text)
    with pytest.raises(WeightsError, match=name):
        import_weights(workdir)


def test_a_params_pkl_alone_is_imported_with_assumptions_asked_for(cache, workdir):
    (workdir / "hyperparameters.json").unlink()
    with pytest.raises(WeightsError, match=r"got no degrees, cutoff.*--assume cutoff.*cutoff 4\.5"):
        import_weights(workdir / "params.pkl", name="mine")
    assert not cache.exists()
    names = ["degrees", "cutoff", "average-neighbors", "coulomb_sigma", "dispersion_damping"]
    imported = import_weights(workdir / "params.pkl", name="mine", assume=names)
    assert imported.name == "mine"
    assert "cutoff" in imported.card["assumed_hyperparameters"]


def test_nothing_is_assumed_that_the_file_states(cache, workdir):
    with pytest.raises(WeightsError, match=r"states these hyperparameters.*got cutoff"):
        import_weights(workdir, assume=["cutoff"])


def test_a_torch_archive_is_imported(cache, tmp_path):
    file = tmp_path / "mine.model"
    file.write_bytes(torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS))
    assert import_weights(file).name == "mine"
    assert import_weights(tmp_path, name="again").hyperparameters == TINY


def test_a_sundog_set_keeps_its_card(cache, tmp_path):
    there = WeightSet("theirs", TINY, random_arrays(), {"source": {"kind": "trained"}})
    write_weights(there, tmp_path)
    imported = import_weights(tmp_path, name="mine")
    assert imported.card["source"] == {"kind": "trained"}
    assert read_weights(cache / "mine.safetensors").card["name"] == "mine"


def test_the_published_file_is_recognised(cache, tmp_path, published_download):
    file = tmp_path / "downloaded.model"
    file.write_bytes(published_download.data)
    imported = import_weights(file)
    assert imported.name == "so3lr"
    assert imported.card["assumed_hyperparameters"] == []
    assert imported.card["licence"]["name"] == "MIT"


def test_the_published_name_is_not_for_other_weights(cache, workdir):
    with pytest.raises(WeightsError, match="`so3lr` is kept for the published weights"):
        import_weights(workdir, name="so3lr")


def test_what_was_taken_from_the_published_model_is_said(cache, workdir, capsys):
    assert run(["weights", "import", str(workdir)]) == 0
    said = capsys.readouterr().out
    assert "Taken from the published model" in said
    assert "zbl_cutoff 1.5" in said


def test_an_installed_set_is_replaced_on_demand_only(cache, workdir):
    import_weights(workdir)
    with pytest.raises(WeightsError, match="installed already"):
        import_weights(workdir)
    import_weights(workdir, replace=True)


def test_a_name_that_is_none_is_refused(cache, workdir):
    with pytest.raises(WeightsError, match="not a name"):
        import_weights(workdir, name="../outside")


def test_a_directory_with_two_models_is_refused(cache, workdir):
    (workdir / "other.model").touch()
    with pytest.raises(WeightsError, match=r"got params\.pkl, other\.model"):
        import_weights(workdir)


def test_a_directory_without_a_model_is_refused(cache, tmp_path):
    with pytest.raises(WeightsError, match="does not hold one model"):
        import_weights(tmp_path)


def test_nothing_there_is_said(cache, tmp_path):
    with pytest.raises(WeightsError, match="there is nothing at"):
        import_weights(tmp_path / "nothing")
