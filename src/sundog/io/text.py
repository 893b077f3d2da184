"""Text of files, whatever its encoding and its ends of lines."""

import bz2
import codecs
import gzip
import lzma
from pathlib import Path
from typing import IO

from sundog.errors import FileFormatError

LARGEST_TEXT = 8 * 2**30
"""Number of bytes, after decompression, beyond which a text file is refused."""

COMPRESSIONS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""Functions that open compressed files, by suffix."""

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by the byte order mark at the beginning of a file."""


def read_text(path: Path) -> str:
    r"""Return the text of a file, compressed or not, with `\n` at the end of every line.

    The encoding follows from the byte order mark; without one it is UTF-8, and Latin-1 where
    that is impossible: remarks of older programs hold letters and units in it.

    Raises:
        FileFormatError: The file is no text, or too large.
    """
    with open_bytes(path) as file:
        content = file.read(LARGEST_TEXT + 1)
    if len(content) > LARGEST_TEXT:
        raise FileFormatError(f"{path}: the file is too large", expected=f"{LARGEST_TEXT} bytes")
    encoding = next((MARKS[mark] for mark in MARKS if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise FileFormatError(f"{path}: the file cannot be read", got="bytes that are no text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, compressed or not."""
    return COMPRESSIONS.get(path.suffix.lower(), open)(path, "rb")
