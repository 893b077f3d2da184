"""What the heads and embeddings of the network promise, by their own equations."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import SMALL, ethanol
from sundog.errors import WeightsError
from sundog.model.embedding import ElectronEmbedding
from sundog.model.heads import equalized, initialize_hirshfeld_head
from sundog.model.hyperparameters import Hyperparameters
from sundog.numerics.layers import MLP, Linear
from sundog.system import System, concatenate, make_system, pad

RNG = np.random.default_rng(5)


def two_structures() -> System:
    """An anion of three atoms and a neutral pair, padded."""
    first = make_system(RNG.normal(size=(3, 3)), [8, 1, 1], total_charge=-1)
    second = make_system(RNG.normal(size=(2, 3)), [7, 1])
    return pad(concatenate([first, second]), 8, 3)


def test_charges_are_shifted_alike_within_a_structure_and_add_up_to_its_charge():
    system = two_structures()
    before = RNG.normal(size=8)
    after = np.asarray(equalized(jnp.asarray(before), system))
    assert after[:3].sum() == pytest.approx(-1, abs=1e-14)
    assert after[3:5].sum() == pytest.approx(0, abs=1e-14)
    np.testing.assert_array_equal(after[5:], 0)
    for atoms in (slice(0, 3), slice(3, 5)):
        np.testing.assert_allclose(np.ptp((after - before)[atoms]), 0, atol=1e-14)


def test_fragments_have_charges_of_their_own():
    system = replace(
        make_system(RNG.normal(size=(4, 3)), [8, 1, 8, 1]),
        fragment_index=jnp.asarray([0, 0, 1, 1], jnp.int32),
        fragment_charge=jnp.asarray([1.0, -1.0]),
    )
    charges = np.asarray(equalized(jnp.asarray(RNG.normal(size=4)), system))
    assert charges[:2].sum() == pytest.approx(1, abs=1e-14)
    assert charges[2:].sum() == pytest.approx(-1, abs=1e-14)


def test_hirshfeld_ratios_are_positive_and_one_in_padding():
    head = initialize_hirshfeld_head(SMALL, jax.random.key(0))
    head = replace(head, element=-head.element)  # as for many atoms of the published model
    system = two_structures()
    x = jnp.asarray(RNG.normal(size=(8, SMALL.features)))
    found = np.asarray(head(x, system))
    product = np.sum(head.query[system.numbers] * np.asarray(head.mlp(x)), axis=1)
    signed = np.asarray(head.element)[system.numbers] + product / np.sqrt(SMALL.hirshfeld_features)
    assert signed[:5].min() < 0
    np.testing.assert_allclose(found[:5], np.abs(signed[:5]), rtol=1e-12)
    np.testing.assert_array_equal(found[5:], 1)


def electron_embedding(width=4) -> ElectronEmbedding:
    """One whose perceptron returns zeros, so that e = u, the share of the atom times v."""
    nothing = Linear(jnp.zeros((width, width)), None)
    return ElectronEmbedding(
        query=jnp.asarray(RNG.normal(size=(119, width))),
        key=jnp.asarray(RNG.normal(size=(2, width))),
        value=jnp.asarray(RNG.normal(size=(2, width))),
        mlp=MLP(nothing, nothing),
    )


@pytest.mark.parametrize(("psi", "row"), [(2.0, 0), (-1.0, 1)])
def test_a_charge_is_divided_among_the_atoms_of_its_structure(psi, row):
    embedding, system = electron_embedding(), two_structures()
    found = np.asarray(embedding(jnp.asarray([psi, 0.0, 0.0]), system))
    np.testing.assert_allclose(found[:3].sum(axis=0), psi * embedding.value[row], rtol=1e-12)
    np.testing.assert_array_equal(found[3:], 0)
    # Both hydrogens are alike, and no atom goes without.
    np.testing.assert_allclose(found[1], found[2], rtol=1e-12)
    assert np.all(found[:3] / np.asarray(embedding.value[row]) * np.sign(psi) > 0)


def test_neutral_singlets_have_no_electronic_features():
    np.testing.assert_array_equal(electron_embedding()(jnp.zeros(1), ethanol()), 0)


def test_hyperparameters_come_back_from_a_dictionary_and_others_are_refused():
    told = SMALL.to_dict()
    assert Hyperparameters.from_dict(told) == SMALL
    with pytest.raises(WeightsError, match="heads=3"):
        replace(SMALL, heads=3)
    with pytest.raises(WeightsError, match="colour"):
        Hyperparameters.from_dict(told | {"colour": 1})
