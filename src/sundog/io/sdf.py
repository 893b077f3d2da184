"""SDF and MDL mol files (V2000), with their formal charges.

ASE reads the atoms of the first record and ignores charges. Here every record
is read, and the sum of its formal charges is the charge of the structure.
"""

from io import StringIO
from pathlib import Path

import ase.io
from ase import Atoms
from ase.io.formats import open_with_compression

from sundog.errors import FileFormatError

END_OF_RECORD = "$$$$\n"
"""Line that ends a record."""

CHARGES = "M  CHG"
"""Beginning of a line of formal charges."""

CHARGE_CODES = {1: 3, 2: 2, 3: 1, 5: -1, 6: -2, 7: -3}
"""Charges in e by the code in an atom line; lines of formal charges take precedence."""


def read_sdf(path: Path) -> list[Atoms]:
    """Return the records of an SDF or mol file; positions in Å.

    Raises:
        FileFormatError: A record is in the V3000 dialect, or truncated.
    """
    with open_with_compression(str(path), "r") as file:
        records = file.read().split(END_OF_RECORD)
    return [_structure(path, record) for record in records if record.strip()]


def _structure(path: Path, record: str) -> Atoms:
    if "V3000" in record or "M  END" not in record:
        raise FileFormatError(
            f"{path}: a record is in the V3000 dialect or cut short",
            got=record.partition("\n")[0] or "a record without title",
            expected="V2000 records that end with M  END",
            remedy="Convert it, as with obabel -osdf",
        )
    atoms = ase.io.read(StringIO(record), format="sdf")
    assert isinstance(atoms, Atoms)
    atoms.info["charge"] = _charge(record.splitlines(), len(atoms))
    return atoms


def _charge(lines: list[str], atoms: int) -> int:
    # "M  CHG", the number of charges, then pairs of atom number and charge.
    properties = [line.split()[3:] for line in lines if line.startswith(CHARGES)]
    if properties:
        return sum(int(charge) for pairs in properties for charge in pairs[1::2])
    codes = (int(line[36:39].strip() or 0) for line in lines[4 : 4 + atoms])
    return sum(CHARGE_CODES.get(code, 0) for code in codes)
