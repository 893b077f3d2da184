"""Flax and torch files become the same arrays, and only whole, sound models are accepted."""

import numpy as np
import pytest
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

from sundog.errors import WeightsError
from sundog.weights.model_file import read_model_file


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_flax_pickle_gives_sundogs_arrays(protocol):
    arrays = random_arrays()
    model = read_model_file(flax_pickle(flax_arrays(arrays), protocol), UPSTREAM_SETTINGS)
    assert_same(model.arrays, arrays)
    assert model.hyperparameters == TINY
    assert model.published is None


def test_a_torch_archive_gives_sundogs_arrays():
    arrays = random_arrays()
    model = read_model_file(torch_archive(torch_arrays(arrays), TORCH_SETTINGS))
    assert_same(model.arrays, arrays)
    assert model.hyperparameters == TINY
    assert model.assumed == ["zbl_cutoff"]


def test_a_shift_common_to_all_elements_is_not_the_models():
    stored = torch_arrays(random_arrays())
    stored["atomic_energy_output_block.energy_shifts"] = np.full(118, -163.6, np.float32)
    model = read_model_file(torch_archive(stored, TORCH_SETTINGS))
    np.testing.assert_array_equal(model.arrays["energy_head.shift"], np.zeros(119, np.float32))


def test_fortran_ordered_and_float64_arrays_keep_their_values():
    arrays = {name: array.astype(np.float64) for name, array in random_arrays().items()}
    stored = {name: np.asfortranarray(array) for name, array in flax_arrays(arrays).items()}
    assert_same(read_model_file(flax_pickle(stored), UPSTREAM_SETTINGS).arrays, arrays)


def test_without_settings_the_shapes_tell_and_the_rest_is_assumed_openly():
    model = read_model_file(flax_pickle(flax_arrays(random_arrays())))
    assert model.hyperparameters == TINY
    assert model.assumed == [
        "degrees",
        "cutoff",
        "radial_decay",
        "average_neighbors",
        "coulomb_sigma",
        "dispersion_damping",
        "zbl_cutoff",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cutoff_fn", "cosine"),
        ("activation_fn", "relu"),
        ("radial_basis_fn", "gaussian"),
        ("qk_non_linearity", "elu"),
        ("residual_mlp_2", True),
        ("residual_mlp_1", 1),
        ("cutoff", -1.0),
        ("cutoff", float("nan")),
        ("degrees", [2, 1]),
        ("degrees", []),
        ("num_layers", 10**9),
        ("num_heads", True),
    ],
)
def test_a_setting_that_sundog_does_not_compute_is_named(key, value):
    settings = {**UPSTREAM_SETTINGS, "model": {**UPSTREAM_SETTINGS["model"], key: value}}
    with pytest.raises(WeightsError, match=f"`model.{key}`"):
        read_model_file(flax_pickle(flax_arrays(random_arrays())), settings)


def test_a_missing_setting_is_named():
    with pytest.raises(WeightsError, match=r"`data.avg_num_neighbors` of the model is missing"):
        read_model_file(
            flax_pickle(flax_arrays(random_arrays())), {**UPSTREAM_SETTINGS, "data": {}}
        )


def test_torch_settings_are_checked_too():
    settings = {**TORCH_SETTINGS, "cutoff_fn_name": "cosine"}
    with pytest.raises(WeightsError, match="`cutoff_fn_name`"):
        read_model_file(torch_archive(torch_arrays(random_arrays()), settings))


def test_settings_that_contradict_the_arrays_are_refused():
    settings = {**UPSTREAM_SETTINGS, "model": {**UPSTREAM_SETTINGS["model"], "num_layers": 1}}
    with pytest.raises(WeightsError, match=r"`layers\.1\..*` has no place"):
        read_model_file(flax_pickle(flax_arrays(random_arrays())), settings)


def test_a_missing_array_is_named():
    stored = flax_arrays(random_arrays())
    del stored["layers_1/attention_block/Wk2"]
    with pytest.raises(WeightsError, match=r"`layers\.1\.key_euclidean` is missing"):
        read_model_file(flax_pickle(stored))


def test_a_model_without_layers_is_refused():
    stored = {k: v for k, v in flax_arrays(random_arrays()).items() if "layers_" not in k[:7]}
    with pytest.raises(WeightsError, match=r"`layers\.0\..*` is missing"):
        read_model_file(flax_pickle(stored))


def test_an_array_without_a_place_is_named():
    stored = {**flax_arrays(random_arrays()), "layers_0/res_mlp_2_layer_1/bias": np.zeros(8)}
    with pytest.raises(WeightsError, match="`layers_0/res_mlp_2_layer_1/bias`"):
        read_model_file(flax_pickle(stored))


def test_an_array_of_another_shape_is_named():
    stored = flax_arrays(random_arrays())
    stored["observables_2/Embed_1/embedding"] = np.zeros((99, 6), np.float32)
    with pytest.raises(WeightsError, match=r"`hirshfeld_head\.query` has another shape"):
        read_model_file(flax_pickle(stored))


def test_an_array_of_another_rank_is_named():
    stored = flax_arrays(random_arrays())
    stored["layers_0/attention_block/Wq1"] = np.zeros((8, 8), np.float32)
    with pytest.raises(WeightsError, match=r"`layers\.0\.query_features` cannot be brought"):
        read_model_file(flax_pickle(stored))


def test_several_values_for_one_are_refused():
    stored = flax_arrays(random_arrays())
    stored["observables_0/zbl_repulsion/a2"] = np.zeros(2, np.float32)
    with pytest.raises(WeightsError, match=r"`zbl\.a` cannot be brought"):
        read_model_file(flax_pickle(stored))


def test_values_that_are_not_finite_are_refused():
    stored = flax_arrays(random_arrays())
    stored["layers_0/exchange_block/mlp_layer_2/bias"][3] = np.nan
    with pytest.raises(WeightsError, match=r"`layers\.0\.exchange\.bias` .*not finite \(got 1 of"):
        read_model_file(flax_pickle(stored))


def test_integers_are_refused():
    stored = flax_arrays(random_arrays())
    stored["layers_0/exchange_block/mlp_layer_2/bias"] = np.zeros(12, np.int64)
    with pytest.raises(WeightsError, match=r"`layers\.0\.exchange\.bias` is not of real numbers"):
        read_model_file(flax_pickle(stored))


def test_another_kind_of_file_is_refused():
    with pytest.raises(WeightsError, match="not a model that sundog can import"):
        read_model_file(b"\x89HDF\r\n")
