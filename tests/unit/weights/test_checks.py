"""Checks of kernels that are remembered, and what makes them be made again."""

from dataclasses import replace

import pytest

from fixtures import small_force_field
from sundog import loading
from sundog.errors import CoincidentAtomsError
from sundog.system import make_system
from sundog.weights import checks

WATER = make_system([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], [8, 1, 1])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SUNDOG_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_elements_are_remembered_one_by_one(cache):
    assert not checks.passed("a", {1, 8})
    checks.remember("a", {1, 8})
    checks.remember("a", {6})
    assert checks.passed("a", {1, 6})
    assert not checks.passed("a", {1, 7})
    assert not checks.passed("b", {1})
    (cache / "checks" / "a.json").write_text("damaged")
    assert not checks.passed("a", {1})


def test_all_that_a_check_depends_on_is_in_its_identity():
    force_field = small_force_field("exact")
    other = replace(force_field, long_terms=force_field.long_terms[::-1])
    told = [
        (force_field, "cpu", (True,)),
        (force_field, "plain", (True,)),
        (force_field, "cpu", (False,)),
        (other, "cpu", (True,)),
        (small_force_field("exact", precision="float32"), "cpu", (True,)),
    ]
    assert len({checks.identity_of(*one) for one in told}) == len(told)
    assert checks.identity_of(*told[0]) == checks.identity_of(*told[0])


def test_a_check_is_made_once_and_atoms_at_one_place_are_refused_all_the_same(monkeypatch):
    reference, fast, made = small_force_field("exact"), small_force_field("exact"), []

    def verified(fast, *_):
        made.append(fast)
        return fast

    monkeypatch.setattr(loading, "verified", verified)

    def check(system):
        said = []
        assert loading.checked(fast, reference, "x", system, said.append, said.append) is fast
        return said

    assert check(WATER) == []
    assert check(WATER) == ["Kernels checked before on this machine"]
    assert len(made) == 1
    check(make_system([[0.0, 0, 0], [1.2, 0, 0]], [6, 8]))  # carbon is new
    assert len(made) == 2
    with pytest.raises(CoincidentAtomsError):
        check(make_system([[0.0, 0, 0], [0.0, 0, 1e-6]], [8, 8]))


def test_kernels_that_failed_are_not_remembered(monkeypatch):
    reference, fast = small_force_field("exact"), small_force_field("exact")
    monkeypatch.setattr(loading, "verified", lambda fast, reference, *_: reference)
    for _ in range(2):
        used = loading.checked(fast, reference, "x", WATER, print, print)
        assert used is reference
