"""YAML files of settings: plain mappings are read, all else is refused with the file named."""

import numpy as np
import pytest

from sundog.errors import FileFormatError
from sundog.runs.yaml_files import LARGEST_FILE, read_mapping

SOUND = (
    "ensemble: npt\nsteps: 1000\nwrap: true\nmodel: null\nreplica_temperatures_kelvin: [1, 2.5]\n"
)


def test_a_mapping_is_read_also_with_a_byte_order_mark_and_nothing_is_an_empty_one(tmp_path):
    file = tmp_path / "a.yaml"
    for mark in ("", "\ufeff"):
        file.write_text(mark + SOUND, encoding="utf-8")
        told = read_mapping(file)
        assert (told["steps"], told["wrap"], told["model"]) == (1000, True, None)
        assert told["replica_temperatures_kelvin"] == [1, 2.5]
    file.write_text("# nothing\n")
    assert read_mapping(file) == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"steps: 5 # \xe9", "UTF-8"),
        (b"1: 5", "not a name"),
        (b"off: 5", "quotes"),
        (b"- 1", "a list"),
        (b"just words", "a str"),
        (b"steps: !!python/object:os.system 5", "not a readable YAML file"),
        (b"steps: 2001-01-01", "date"),
        (b"steps: 2001-02-31", "cannot be read"),
        (b"steps: [", "not a readable YAML file"),
        (b"a: " + b"[" * 3000 + b"]" * 3000, "nested"),
        (b"a: [[[[[[[[[1]]]]]]]]]", "nested"),
        (b"a: !!binary aGVsbG8=", "bytes"),
        (b"? [1, 2]\n: 3", "not a readable YAML file"),
        (b"a: &a [*a]", "nested"),
        (b"a: 1\n" + b"#" * LARGEST_FILE, "too large"),
        (b"a: 1\n\x00", "not a readable YAML file"),
    ],
)
def test_anything_else_is_refused_with_the_file_named(content, words, tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_bytes(content)
    with pytest.raises(FileFormatError, match=words) as refusal:
        read_mapping(file)
    assert str(file) in str(refusal.value)


def test_folders_and_missing_files_are_called_what_they_are(tmp_path):
    with pytest.raises(FileFormatError, match="a folder"):
        read_mapping(tmp_path)
    with pytest.raises(FileFormatError, match="no such file"):
        read_mapping(tmp_path / "none.yaml")


def test_other_bytes_are_refused_or_a_mapping(tmp_path):
    file, random = tmp_path / "a.yaml", np.random.default_rng(0)
    for _ in range(1000):
        data = bytearray(SOUND.encode())
        for place in random.integers(len(data), size=random.integers(1, 5)):
            data[place] = random.integers(256)
        file.write_bytes(bytes(data))
        try:
            assert all(isinstance(key, str) for key in read_mapping(file))
        except FileFormatError:
            continue
