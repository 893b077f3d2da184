"""`import sundog` as a user of the library does."""

import subprocess
import sys

import numpy as np
import pytest
from ase.build import molecule

import sundog
from fixtures import small_force_field
from sundog.errors import InputError, UnsupportedElementError


def test_importing_sundog_imports_no_jax():
    probe = "import sundog, sys; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_predict_takes_one_or_many():
    force_field = small_force_field("exact")
    one = sundog.predict(force_field, molecule("H2O"))
    assert np.ndim(one.energy) == 0
    assert one.forces.shape == (3, 3)
    many = sundog.predict(force_field, [molecule("CH3OH"), molecule("H2O")])
    assert [p.forces.shape for p in many] == [(6, 3), (3, 3)]
    assert many[1].energy == pytest.approx(float(one.energy), rel=1e-13)
    assert many[1].polarizability.shape == many[1].c6.shape == (3,)
    assert many[1].features.invariant.shape[0] == 3


def test_predict_names_the_structure_it_refuses():
    bad = molecule("H2O")
    bad.symbols[0] = "Fe"
    with pytest.raises(UnsupportedElementError, match=r"structure 1:.*Fe"):
        sundog.predict(small_force_field("exact"), [molecule("H2O"), bad])
    with pytest.raises(InputError, match="no structures"):
        sundog.predict(small_force_field("exact"), [])


@pytest.mark.slow
def test_batches_do_not_change_results(monkeypatch):
    from sundog.single_points import batches as module

    force_field = small_force_field("exact")
    structures = [molecule(name) for name in ("CH3OH", "H2O", "C2H4", "CO2")]
    together = sundog.predict(force_field, structures)
    monkeypatch.setattr(module, "ATOMS_PER_BATCH", 1)
    apart = sundog.predict(force_field, structures)
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_allclose(a.energy, b.energy, rtol=1e-13)
        np.testing.assert_allclose(a.forces, b.forces, atol=1e-11)


@pytest.mark.slow
def test_large_structures_use_the_fast_lists(monkeypatch):
    from sundog.prepare.water import water_box
    from sundog.single_points import batches as module

    force_field, box = small_force_field("truncated"), water_box(16)
    plain = sundog.predict(force_field, box)
    monkeypatch.setattr(module, "LARGE", 10)
    fast = sundog.predict(force_field, box)
    np.testing.assert_allclose(fast.energy, plain.energy, rtol=1e-12)
    np.testing.assert_allclose(fast.forces, plain.forces, atol=1e-10)
    np.testing.assert_allclose(fast.virial, plain.virial, atol=1e-9)
