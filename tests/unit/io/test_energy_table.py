"""Tables: exact, flushed, resumable, and clear about damage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sundog.errors import FileFormatError, InputError, RunDirectoryError
from sundog.io.table import EnergyTable, read_table

COLUMNS = ("step", "time_ps", "potential_energy_ev")


def chunk(first: int, rows: int) -> dict[str, np.ndarray]:
    step = np.arange(first, first + rows)
    return {"step": step, "time_ps": step / 3, "potential_energy_ev": np.sin(step)}


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(), min_size=1, max_size=8))
def test_read_after_write_is_identity(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("table") / "energies.csv"
    with EnergyTable(path, ["energy_ev"]) as table:
        table.write({"energy_ev": np.array(values)})
    np.testing.assert_array_equal(read_table(path)["energy_ev"], values)


def test_steps_are_integers_and_columns_keep_their_order(tmp_path):
    with EnergyTable(tmp_path / "e.csv", COLUMNS) as table:
        table.write(dict(reversed(chunk(0, 3).items())))
        table.write({"step": 3, "time_ps": 1.0, "potential_energy_ev": -1e-300})
    read = read_table(tmp_path / "e.csv")
    assert tuple(read) == COLUMNS
    assert read["step"].dtype == np.int64
    assert read["step"].tolist() == [0, 1, 2, 3]
    assert read["potential_energy_ev"][3] == -1e-300


def test_rows_are_in_the_file_when_write_returns(tmp_path):
    table = EnergyTable(tmp_path / "e.csv", COLUMNS)
    table.write(chunk(0, 2))
    assert len(read_table(tmp_path / "e.csv")["step"]) == 2
    table.close()


def test_a_table_without_rows(tmp_path):
    EnergyTable(tmp_path / "e.csv", COLUMNS).close()
    read = read_table(tmp_path / "e.csv")
    assert {name: len(column) for name, column in read.items()} == dict.fromkeys(COLUMNS, 0)


def test_a_resumed_table_is_the_table_of_one_run(tmp_path):
    whole, resumed = tmp_path / "whole.csv", tmp_path / "resumed.csv"
    with EnergyTable(whole, COLUMNS) as table:
        table.write(chunk(0, 6))
    with EnergyTable(resumed, COLUMNS) as table:
        table.write(chunk(0, 3))
        table.flush()
        position = table.position
        table.write(chunk(3, 1))
    with EnergyTable(resumed, COLUMNS, resume_at=position) as table:
        table.write(chunk(3, 3))
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_table_is_not_continued_with_other_columns(tmp_path):
    path = tmp_path / "e.csv"
    with EnergyTable(path, COLUMNS) as table:
        table.write(chunk(0, 3))
        position = table.position
    before = path.read_bytes()
    with pytest.raises(InputError, match="only one of the two has density_g_per_cm3"):
        EnergyTable(path, (*COLUMNS, "density_g_per_cm3"), resume_at=position)
    with pytest.raises(InputError, match="other columns"):
        EnergyTable(path, COLUMNS[:2], resume_at=position)
    assert path.read_bytes() == before


def test_how_much_is_held_is_told_without_touching_the_file(tmp_path):
    path = tmp_path / "e.csv"
    with EnergyTable(path, COLUMNS) as table:
        table.write(chunk(0, 4))
        position = table.position
    before = path.read_bytes()
    assert EnergyTable.held_up_to(path, position)
    assert not EnergyTable.held_up_to(path, position + 1)
    assert path.read_bytes() == before
    assert not EnergyTable.held_up_to(tmp_path / "nothing", 0)


def test_a_line_cut_by_a_killed_run_is_left_out(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("step,time_ps\n0,0.0\n1,0.5\n2,1.")
    assert read_table(path)["time_ps"].tolist() == [0.0, 0.5]


def test_a_full_disk_leaves_whole_rows(tmp_path, full_disk):
    path = tmp_path / "e.csv"
    table = EnergyTable(path, COLUMNS)
    table.write(chunk(0, 4))
    with full_disk(400), pytest.raises(RunDirectoryError, match="could not be written"):
        table.write(chunk(4, 100))
    table.close()
    assert path.read_text().endswith("\n")
    assert read_table(path)["step"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("columns", [[], ["a", "a"], ["a,b"], [""]])
def test_unusable_columns(tmp_path, columns):
    with pytest.raises(InputError, match="distinct, plain names"):
        EnergyTable(tmp_path / "e.csv", columns)


def test_a_chunk_of_other_columns(tmp_path):
    with (
        EnergyTable(tmp_path / "e.csv", COLUMNS) as table,
        pytest.raises(InputError, match="not those of the table"),
    ):
        table.write({"step": 1})


def test_a_chunk_of_uneven_columns(tmp_path):
    with (
        EnergyTable(tmp_path / "e.csv", COLUMNS) as table,
        pytest.raises(InputError, match="differ in length"),
    ):
        table.write(chunk(0, 3) | {"step": 1})


def test_a_missing_table(tmp_path):
    with pytest.raises(FileFormatError, match="not a readable table"):
        read_table(tmp_path / "e.csv")


def test_an_empty_table(tmp_path):
    (tmp_path / "e.csv").write_text("")
    with pytest.raises(FileFormatError, match="empty"):
        read_table(tmp_path / "e.csv")


@pytest.mark.parametrize("row", ["1", "1,2,3", "1,two"])
def test_a_damaged_row(tmp_path, row):
    (tmp_path / "e.csv").write_text(f"step,time_ps\n0,0.0\n{row}\n")
    with pytest.raises(FileFormatError, match=r"does not fit the header.*2 numbers a line"):
        read_table(tmp_path / "e.csv")
