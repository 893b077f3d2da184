"""A cache of the test's own, and the published archive, downloaded once a session."""

import pytest

from sundog.weights.download import Download, from_package
from sundog.weights.published import PUBLISHED


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SUNDOG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SUNDOG_MODEL_PATH", raising=False)
    return tmp_path / "cache" / "weights"


@pytest.fixture(scope="session")
def published_download() -> Download:
    return from_package(PUBLISHED["so3lr"], report=print)
