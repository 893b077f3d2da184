"""The shared library is there where it can be, and its absence is a reason, not an error."""

import shutil

import jax
import pytest

from sundog.errors import UnavailableError
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
    with pytest.raises(UnavailableError, match="do not load"):
        load()
    (tmp_path / "broken.so").write_text("not a library")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path / "broken.so"))
    with pytest.raises(UnavailableError, match="do not load"):
        load()
    monkeypatch.setattr(library, "_find", lambda: None)
    with pytest.raises(UnavailableError, match=r"C\+\+ compiler"):
        load()
    monkeypatch.setattr(library, "load", load)
    reason = library.why_unavailable()
    assert reason is not None
    assert "C++ compiler" in reason
