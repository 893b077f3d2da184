"""Optional packages are asked for in one place, and core modules import none of them."""

import subprocess
import sys

import pytest

from sundog.errors import InputError
from sundog.prepare.extras import INSTALL, require

PACKAGES = [
    *("biotite", "dimorphite_dl", "hydride", "openmm", "packmol"),
    *("pdbfixer", "PeptideBuilder", "propka", "rdkit", "Bio"),
]


def test_a_package_that_is_there_is_returned():
    assert require("json.decoder", "reading").JSONDecoder


def test_what_is_missing_is_named_with_the_command():
    with pytest.raises(InputError) as refused:
        require("no_such_package.part", "a structure from SMILES")
    message = str(refused.value)
    assert "a structure from SMILES needs no_such_package" in message
    assert INSTALL in message


def test_a_package_that_lacks_another_one_names_it(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="half_there lacks the package no_such_dependency"):
        require("half_there", "this")


def test_a_broken_package_says_why(tmp_path, monkeypatch):
    (tmp_path / "broken_one.py").write_text("raise ImportError('libgone.so: no such file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="libgone"):
        require("broken_one", "this")


def test_builders_are_imported_without_optional_packages():
    program = (
        "import pkgutil, sys, importlib, sundog.prepare as room\n"
        "for found in pkgutil.iter_modules(room.__path__):\n"
        "    importlib.import_module(f'sundog.prepare.{found.name}')\n"
        f"print([name for name in {PACKAGES!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
