"""References: what they lack, and their files."""

import gzip
import json

import numpy as np
import pytest
from ase.build import molecule

from sundog.coverage.census import take_census
from sundog.coverage.neighborhoods import Radius
from sundog.coverage.reference import (
    load_reference,
    missing,
    reference_of,
    save_reference,
)
from sundog.errors import FileFormatError, InputError


@pytest.fixture
def waters():
    return take_census([molecule("H2O"), molecule("CH4")], Radius(1))


def test_what_is_missing_is_named_with_its_atoms(waters):
    system = take_census([molecule("H2O"), molecule("CH3OH")], Radius(1))
    found = missing(system, reference_of(waters, "set"))
    assert {one.name for one in found} == {"C: H3 O", "O: C H"}
    numbers = molecule("CH3OH").numbers
    for one in found:
        ((structure, atom),) = one.atoms
        assert structure == 1
        assert numbers[atom] == {"C": 6, "O": 8}[one.name[0]]
    assert missing(waters, reference_of(waters, "set")) == []


def test_a_file_gives_the_reference_back(waters, tmp_path):
    for name in ("r.json.gz", "r.json"):
        save_reference(waters, tmp_path / name, "two molecules")
        found, expected = load_reference(tmp_path / name), reference_of(waters, "two molecules")
        np.testing.assert_array_equal(found.fingerprints, expected.fingerprints)
        np.testing.assert_array_equal(found.atoms, expected.atoms)
        assert (found.radius, found.source) == (expected.radius, expected.source)
        assert missing(waters, found) == []
    first = (tmp_path / "r.json.gz").read_bytes()
    save_reference(waters, tmp_path / "r.json.gz", "two molecules")
    assert (tmp_path / "r.json.gz").read_bytes() == first


def test_other_radii_kinds_and_damage_are_refused(waters, tmp_path):
    other = take_census([molecule("H2O")], Radius(2))
    with pytest.raises(InputError, match="another radius"):
        missing(other, reference_of(waters, "set"))
    with pytest.raises(InputError, match=r"json\.gz"):
        save_reference(waters, tmp_path / "r.npz", "set")
    path = tmp_path / "r.json.gz"
    save_reference(waters, path, "set")
    content = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FileFormatError, match="cannot be decompressed"):
        load_reference(path)
    path.write_bytes(gzip.compress(json.dumps(content | {"bond_stretch": 1.3}).encode()))
    with pytest.raises(FileFormatError, match="another kind"):
        load_reference(path)
    with pytest.raises(FileFormatError, match="no reference"):
        load_reference(tmp_path / "none.json.gz")


@pytest.mark.parametrize("name", ["r.json.gz", "r.json"])
def test_a_file_with_other_bytes_is_refused_or_says_the_same(name, waters, tmp_path):
    path, random = tmp_path / name, np.random.default_rng(0)
    save_reference(waters, path, "two molecules")
    sound, expected = path.read_bytes(), reference_of(waters, "two molecules")
    refused = 0
    for _ in range(400):
        data = bytearray(sound)
        for place in random.integers(len(data), size=random.integers(1, 4)):
            data[place] = random.integers(256)
        path.write_bytes(
            bytes(data[: random.integers(len(data))] if random.random() < 0.2 else data)
        )
        try:
            found = load_reference(path)
        except FileFormatError:
            refused += 1
            continue
        np.testing.assert_array_equal(found.fingerprints, expected.fingerprints)
        np.testing.assert_array_equal(found.atoms, expected.atoms)
        assert (found.radius, found.source) == (expected.radius, expected.source)
    assert refused > 300


@pytest.mark.parametrize(
    "text",
    ["", "null", "[" * 100_000, "{}", '{"schema": 1e999}', "\udcff", "[1" + "0" * 5000 + "]"],
)
def test_what_is_no_reference_is_refused(text, tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(FileFormatError, match=r"no reference|another kind"):
        load_reference(path)
