"""The shared library is there where it can be, and its absence is a reason, not an error."""

import shutil

import jax
import pytest

from sundog.kernels.cpu import library

COMPILERS = ("c++", "g++", "clang++")


@pytest.mark.skipif(
    not any(map(shutil.which, COMPILERS)) or jax.default_backend() != "cpu",
    reason="needs a C++ compiler, and JAX on the CPU",
)
def test_the_kernels_are_built_where_there_is_a_compiler():
    # Their other tests are skipped without them, which must not go unnoticed.
    assert library.why_unavailable() is None


def test_a_library_that_is_missing_or_broken_is_a_reason_not_an_error(monkeypatch, tmp_path):
    load = library.load.__wrapped__
    monkeypatch.setenv(library.VARIABLE, str(tmp_path / "nowhere.so"))
    assert "do not load" in load()
    (tmp_path / "broken.so").write_text("not a library")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path / "broken.so"))
    assert "do not load" in load()
    monkeypatch.setattr(library, "_find", lambda: None)
    assert "C++ compiler" in load()
