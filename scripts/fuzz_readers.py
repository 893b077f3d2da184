"""Damage structure files at random, read what is left, and count how that is met.

A damaged file is met well if it is read, with every charge and cell in bounds, or refused by an
error of sundog's own, within some seconds and without a character in the message that commands a
terminal. The exit code is 1 if any file was met otherwise; these files are kept and named.

python scripts/fuzz_readers.py [--files 2500] [--seed 1] [FILE …]

Without files of one's own, small ones of every format that has a reader here are damaged.
"""

import argparse
import faulthandler
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ase.build import molecule
from ase.io import write

from sundog.errors import SundogError
from sundog.io.completeness import check_structure
from sundog.io.electrons import state_of
from sundog.io.reading import read_structures
from sundog.text import printable

LONGEST = 10.0
"""Time in s after which a file hangs its reader; the process ends with a traceback then."""

INSERTED = (
    *(b"\x1b[2J", b"nan", b"inf", b"1e30", b"-", b"\xff\xfe", b"\0", b"999999"),
    *(b"charge=1", b"\n\n", b'"', b"=", b"  ", b"X", b"?"),
)
"""Bytes that are put into files, each of which has misled a reader somewhere."""

GRO = """Water and an ion
    4
    1SOL     OW    1   0.000   0.000   0.012
    1SOL    HW1    2   0.000   0.076  -0.047
    1SOL    HW2    3   0.000  -0.076  -0.047
    2NA      NA    4   0.400   0.000   0.000
   2.00000   2.00000   2.00000
"""
"""Content of a gro file."""

SDF = """ethanol
  by hand

  3  2  0  0  0  0            999 V2000
    0.0000    0.0000    0.1200 O   0  0
    0.0000    0.7600   -0.4700 H   0  0
    0.0000   -0.7600   -0.4700 H   0  0
  1  2  1  0
  1  3  1  0
M  CHG  1   1   0
M  END
>  <name>
water

$$$$
"""
"""Content of an SDF file."""

CIF = """data_water
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_seq_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.auth_seq_id
_atom_site.auth_asym_id
_atom_site.pdbx_PDB_model_num
HETATM 1 O O HOH A . 0.000 0.000 0.120 1 A 1
HETATM 2 H H1 HOH A . 0.000 0.760 -0.470 1 A 1
HETATM 3 H H2 HOH A . 0.000 -0.760 -0.470 1 A 1
#
"""
"""Content of an mmCIF file."""


def whole_files(folder: Path) -> list[Path]:
    """Write small sound files and return their paths."""
    for name, text in {"w.gro": GRO, "w.sdf": SDF, "w.mmcif": CIF}.items():
        (folder / name).write_text(text)
    ethanol = molecule("CH3CH2OH", vacuum=4.0)
    ethanol.info["charge"] = 0
    for name in ("e.extxyz", "e.xyz", "e.pdb"):
        write(folder / name, ethanol)
    return sorted(folder.iterdir())


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return a content with one to four damages: bytes gone, put in or changed, or the end cut."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place, kind = chance.randrange(len(data) + 1), chance.randrange(4)
        if kind == 0:
            data[place : place + chance.randint(1, 12)] = b""
        elif kind == 1:
            data[place:place] = chance.choice(INSERTED)
        elif kind == 2 and place < len(data):
            data[place] = chance.randrange(256)
        else:
            data = data[: max(place, 1)]
        data = data or bytearray(b" ")
    return bytes(data)


def met(path: Path) -> tuple[bool, str]:
    """Return whether a file is met well, and how it is met."""
    said: list[str] = []
    try:
        for atoms in read_structures(path, report=said.append):
            check_structure(atoms)
            state_of(atoms)
        how = "read"
    except SundogError as error:
        said.append(str(error))
        how = type(error).__name__
    except Exception as error:
        return False, repr(error)
    commanding = [line for line in said if printable(line) != line]
    return not commanding, f"control characters in {commanding}" if commanding else how


def main() -> None:
    """Damage files and print how they are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("whole", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--files", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder, chance = Path(tempfile.mkdtemp(prefix="sundog-fuzz-")), random.Random(options.seed)
    (sound := folder / "sound").mkdir()
    whole = options.whole or whole_files(sound)
    counts: Counter[str] = Counter()
    wrong, begin = 0, time.perf_counter()
    for number in range(options.files):
        source = chance.choice(whole)
        path = folder / f"{number}{source.suffix}"
        path.write_bytes(damaged(source.read_bytes(), chance))
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        well, how = met(path)
        faulthandler.cancel_dump_traceback_later()
        counts[how] += 1
        if well:
            path.unlink()
        else:
            wrong += 1
            print(f"{path}: {how}")
    seconds = time.perf_counter() - begin
    print(f"{options.files} files damaged, {wrong} met wrongly, {seconds:.0f} s")
    for how, count in counts.most_common():
        print(f"{count:6d} {how}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
