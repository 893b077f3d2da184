"""Check that the unit tests mirror the source, as ARCHITECTURE.md says.

python scripts/check_mirror.py

A file in tests/unit/ROOM tests src/sundog/ROOM and imports from it; every room is imported from by
a file in its own folder of unit tests. Names of test modules are unique, because pytest imports
them by their names alone and would lose one of two.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path("src/sundog")
TESTS = Path("tests")
UNIT = TESTS / "unit"
"""Folders of the source, of all tests and of the unit tests, from the root of the repository."""


def imports(file: Path) -> set[str]:
    """Return the dotted names that a file imports, and of `from a import b` also a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def dotted(room: Path) -> str:
    """Return the name by which a folder below src/sundog is imported."""
    return ".".join(("sundog", *room.parts))


def within(room: Path, names: set[str]) -> bool:
    """Return whether one of the names is the room or lies in it."""
    return any(f"{name}.".startswith(f"{dotted(room)}.") for name in names)


def rooms() -> list[Path]:
    """Return the folders below src/sundog that hold more than an __init__.py."""
    found = {file.parent for file in SOURCE.rglob("*.py") if file.name != "__init__.py"}
    return sorted(folder.relative_to(SOURCE) for folder in found - {SOURCE})


def violations() -> Iterator[str]:
    """Yield one line for everything that does not mirror."""
    imported: defaultdict[str, set[str]] = defaultdict(set)
    for file in sorted(UNIT.rglob("test_*.py")):
        room = file.parent.relative_to(UNIT)
        if not room.parts:
            continue
        names = imports(file)
        imported[room.parts[0]] |= names
        if not (SOURCE / room).is_dir():
            yield f"{file}: there is no {SOURCE / room}; move it to the room that it tests"
        elif not within(room, names):
            yield f"{file}: imports nothing from {SOURCE / room}; move it to the room that it tests"
    for room in rooms():
        if not within(room, imported[room.parts[0]]):
            yield f"{SOURCE / room}: no test in {UNIT / room.parts[0]} imports from it"
    files: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        files[file.name].append(str(file))
    for same in files.values():
        if len(same) > 1:
            yield f"{' and '.join(same)}: one name; pytest would lose one of them"


def main() -> None:
    """Print violations and exit with 1 when there are any."""
    found = list(violations())
    print("\n".join(found) or "unit tests: mirror the source")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
