"""YAML files that a user writes: settings of a verb, and protocols.

What is no plain mapping of names to numbers, words and lists is refused with the file named; the
parser's own refusals and the limits of Python are told in the same way.
"""

from pathlib import Path
from typing import Any

import yaml

from sundog.errors import FileFormatError

LARGEST_FILE = 2**20
"""Size in bytes beyond which a file is not read: settings take some kilobytes."""

DEEPEST = 8
"""Levels of lists and mappings in one another beyond which a file is refused."""


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds; an empty file holds an empty one.

    Raises:
        FileFormatError: the file is missing, a folder, too large, no UTF-8, no YAML, or holds
            something else than names with their values.
    """
    told = _parsed(path, _text(path))
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise FileFormatError(
            f"{path}: not a list of settings",
            got=f"a {type(told).__name__}",
            expected="lines as `steps: 1000`",
        )
    _check(path, told, DEEPEST)
    return told


def _text(path: Path) -> str:
    if path.is_dir():
        raise FileFormatError(f"{path}: a folder, not a YAML file", remedy="Name the file in it")
    if not path.exists():
        raise FileFormatError(f"{path}: there is no such file", remedy="Check the path")
    try:
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            raise FileFormatError(
                f"{path}: too large for settings",
                got=f"{path.stat().st_size} bytes",
                expected=f"at most {LARGEST_FILE}",
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path}: not a text in UTF-8",
            got=f"byte {error.object[error.start]:#04x} at {error.start}",
            remedy="Save it as UTF-8",
        ) from error
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read", got=error.strerror or error) from error


def _parsed(path: Path, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FileFormatError(
            f"{path}: not a readable YAML file", got=" ".join(str(error).split())
        ) from error
    except RecursionError as error:
        raise FileFormatError(f"{path}: too deeply nested for settings") from error
    except (ValueError, TypeError, OverflowError) as error:  # dates and numbers that are none
        raise FileFormatError(f"{path}: a value that cannot be read", got=error) from error


def _check(path: Path, value: Any, levels: int) -> None:
    """Refuse what settings never are: keys that are no names, and values that are no plain ones."""
    if levels == 0:
        raise FileFormatError(f"{path}: too deeply nested for settings")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise FileFormatError(
                    f"{path}: a key that is not a name",
                    got=str(key),
                    expected="names of settings, as `steps: 1000`",
                    remedy="Write on, off, yes and no in quotes",
                )
            _check(path, inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(path, inner, levels - 1)
    elif not isinstance(value, str | int | float | bool | None):
        raise FileFormatError(
            f"{path}: neither a number nor a word",
            got=f"{value} ({type(value).__name__})",
            remedy="Write it in quotes, if it is a word",
        )
