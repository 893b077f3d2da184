"""What runs on the command line share."""

import pytest

from sundog.io.extxyz import write_extxyz
from sundog.prepare.water import water_box


@pytest.fixture(scope="session")
def water(tmp_path_factory):
    """A file of four molecules in a cell."""
    path = tmp_path_factory.mktemp("water") / "w.extxyz"
    write_extxyz(path, water_box(4))
    return path
