"""Labels in another unit, or with another sign."""

import numpy as np
import pytest

from sundog.errors import InputError
from sundog.train.suspicion import SCALES, refuse_odd

RNG = np.random.default_rng(0)
BASE = RNG.normal(size=300)
LABELS = 1.1 * BASE + 0.2 * RNG.normal(size=300)


def test_labels_of_another_level_of_theory_pass():
    assert "slope 1.1" in refuse_odd(LABELS, BASE)
    # Where the base model knows nothing, neither do we.
    assert "correlation" in refuse_odd(100 * RNG.normal(size=300), BASE)


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("kcal/mol/Å", 23.06), ("hartree/bohr", 1 / 51.42), ("hartree/Å", 1 / 27.21), ("meV/Å", 1e3)],
)
def test_other_units_are_named(unit, scale):
    assert SCALES[unit] == pytest.approx(scale, rel=1e-3)
    with pytest.raises(InputError, match=f"look like {unit}"):
        refuse_odd(scale * LABELS, BASE)


def test_gradients_and_sizes_of_nothing_known_are_refused():
    with pytest.raises(InputError, match="wrong sign"):
        refuse_odd(-LABELS, BASE)
    with pytest.raises(InputError, match="another size"):
        refuse_odd(7 * LABELS, BASE)
