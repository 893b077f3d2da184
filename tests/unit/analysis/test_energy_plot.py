"""The plot of a run: from any table with time and an energy."""

import matplotlib.image
import numpy as np
import pytest

from sundog.analysis.energy_plot import plot_energies
from sundog.errors import FileFormatError, InputError, RunDirectoryError
from sundog.io.table import EnergyTable

COLUMNS = (
    "time_ps",
    "potential_energy_ev",
    "kinetic_energy_ev",
    "conserved_energy_ev",
    "temperature_kelvin",
    "pressure_bar",
    "density_g_per_cm3",
)


def table(rows: int, columns=COLUMNS) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {name: np.arange(rows) / 2 + random.normal(size=rows) / 9 for name in columns}


def height(path) -> int:
    return matplotlib.image.imread(path).shape[0]


@pytest.mark.parametrize("rows", [1, 2, 500])
def test_a_picture_is_written(tmp_path, rows):
    plot_energies(table(rows), tmp_path / "report.png", "water", 300.0)
    assert height(tmp_path / "report.png") > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["report.png"]


def test_a_panel_for_each_quantity(tmp_path):
    heights = []
    for count in range(2, len(COLUMNS) + 1):
        plot_energies(table(9, COLUMNS[:count]), tmp_path / "report.png", "water")
        heights.append(height(tmp_path / "report.png"))
    assert np.sign(np.diff(heights)).tolist() == [0, 1, 1, 1, 1]


def test_no_panel_for_a_pressure_or_density_that_says_nothing(tmp_path):
    columns = table(9)
    plot_energies(columns, tmp_path / "all.png", "water")
    columns["pressure_bar"][:] = np.nan
    columns["density_g_per_cm3"][:] = 1.0
    plot_energies(columns, tmp_path / "fewer.png", "water")
    plot_energies(table(9, COLUMNS[:5]), tmp_path / "four.png", "water")
    assert height(tmp_path / "fewer.png") == height(tmp_path / "four.png")
    assert height(tmp_path / "fewer.png") < height(tmp_path / "all.png")


def test_the_table_of_a_run_by_its_path(tmp_path):
    columns = table(20)
    with EnergyTable(tmp_path / "energies.csv", list(columns)) as file:
        file.write(columns)
    plot_energies(tmp_path / "energies.csv", tmp_path / "report.png", "water")
    assert height(tmp_path / "report.png") > 0


@pytest.mark.parametrize("columns", [{}, table(5, COLUMNS[1:]), table(0), table(5, ["time_ps"])])
def test_nothing_to_plot(tmp_path, columns):
    with pytest.raises(InputError, match="nothing to plot"):
        plot_energies(columns, tmp_path / "report.png", "water")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_table(tmp_path):
    with pytest.raises(FileFormatError, match="not a readable table"):
        plot_energies(tmp_path / "energies.csv", tmp_path / "report.png", "water")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RunDirectoryError, match="could not be written"):
        plot_energies(table(5), tmp_path / "nowhere" / "report.png", "water")
