"""GROMACS files: any number of decimals, velocities, and no element from the first letters."""

import numpy as np
import pytest
from ase import units

from sundog.errors import FileFormatError, StructureError
from sundog.io.reading import read_structures


def frame(rows, box="2.0 2.0 2.0", decimals=3, velocities=False):
    lines = ["title", str(len(rows))]
    for number, (residue, name, place) in enumerate(rows, start=1):
        numbers = "".join(f"{value:{decimals + 5}.{decimals}f}" for value in place)
        if velocities:
            numbers += f"{0.1:{decimals + 5}.{decimals + 1}f}" * 3
        lines.append(f"{number:5d}{residue:<5s}{name:>5s}{number:5d}{numbers}")
    return "\n".join([*lines, box]) + "\n"


ROWS = [("SOL", "OW", (0.123456789, 1.0, -12.0)), ("SOL", "HW1", (0.2, 1.0, 0.0))]


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "a.gro"
        path.write_text(text)
        return read_structures(path)

    return read


@pytest.mark.parametrize("decimals", [3, 5, 8])
@pytest.mark.parametrize("velocities", [False, True])
def test_decimals_and_velocities(read, decimals, velocities):
    (atoms,) = read(frame(ROWS, decimals=decimals, velocities=velocities))
    assert atoms.positions[0, 0] == pytest.approx(10 * round(0.123456789, decimals), abs=1e-12)
    assert atoms.positions[0, 2] == -120.0
    assert atoms.has("momenta") == velocities
    if velocities:
        np.testing.assert_allclose(atoms.get_velocities(), 1.0 / (1000 * units.fs), rtol=1e-12)


def test_frames_one_after_another(read):
    assert [len(atoms) for atoms in read(frame(ROWS) + frame(ROWS))] == [2, 2]


def test_a_triclinic_box(read):
    (atoms,) = read(frame(ROWS, "3 4 5 0 0 1 0 0.5 0.25"))
    assert atoms.cell.array.tolist() == [[30, 0, 0], [10, 40, 0], [5, 2.5, 50]]


@pytest.mark.parametrize(
    ("residue", "name", "symbol"), [("SOD", "SOD", "Na"), ("CL", "CL", "Cl"), ("POPC", "C12", "C")]
)
def test_elements(read, residue, name, symbol):
    (atoms,) = read(frame([(residue, name, (0, 0, 0))]))
    assert atoms.get_chemical_symbols() == [symbol]


@pytest.mark.parametrize(("residue", "name"), [("DOPC", "CL1"), ("SOL", "MW")])
def test_carbons_of_lipids_are_not_chlorine_and_virtual_sites_no_tungsten(read, residue, name):
    with pytest.raises(StructureError, match=rf"line 4: atom {name} of residue {residue}"):
        read(frame([ROWS[0], (residue, name, (0, 0, 0))]))


def test_a_line_that_is_none(read):
    with pytest.raises(FileFormatError, match="line 4 cannot be read"):
        read(frame(ROWS).replace("0.200", "x.xxx"))
