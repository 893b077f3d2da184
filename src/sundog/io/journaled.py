"""File that is changed in place by whole transactions, so that it is intact after any crash.

HDF5 rewrites tables inside its file as the file grows, so that cutting off the end does
not restore an earlier state. Here the writes of the library are held in memory until
`commit`, which then

1. appends after the last byte what is new and a journal: the pages that change, their
   places, the length that the file will have and a checksum;
2. waits for the disk; a crash until here leaves the earlier state;
3. writes the changed pages to their places, waits for the disk and cuts the
   journal off; a crash during this step is repaired when the file is opened next.

For other readers the file is intact at all times except during step 3. The first transaction
comes with the file, whole.

Layout of the journal: for each page `<QQ` offset and size and then the page; at
the end of the file the footer `<8sQQI`: mark, bytes of the pages, length of the
file without the journal, CRC-32 of the pages.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from sundog.errors import RunDirectoryError
from sundog.files import sync_folder, synchronize, write_atomically, write_failure

PAGE = 4096
"""Size in bytes of the pages that are journaled, as that of memory pages."""

MARK = b"sundogJ1"
"""Mark at the end of a journal."""

_PATCH = struct.Struct("<QQ")
"""Layout of offset and size before a page of the journal."""

_FOOTER = struct.Struct("<8sQQI")
"""Layout of the footer of the journal."""


class JournaledFile:
    """Binary file for `h5py.File(file, …)` whose changes reach the disk on `commit`.

    The library must have closed the file, or flushed to this object, before a commit.

    Attributes:
        path: Path of the file.
    """

    def __init__(self, path: Path, mode: str):
        """Open a file, and complete a transaction that a crash interrupted.

        Args:
            path: Path of the file.
            mode: `w` for a new, empty file, `r+` to continue one, or `r` to read one without
                changing it.

        Raises:
            OSError: The file cannot be opened.
        """
        self.path = path
        self._file = path.open({"w": "w+b", "r+": "r+b", "r": "rb"}[mode], buffering=0)
        self._held = os.fstat(self._descriptor).st_size
        self._at = 0
        self.discard()
        if mode == "w":
            sync_folder(path.parent)
        try:
            self._recover(in_place=mode == "r+")
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """Length of the file with the open transaction."""
        return self._length

    def commit(self) -> None:
        """Write the transaction to the disk, whole or not at all.

        Raises:
            RunDirectoryError: The disk is full; the file is unchanged, and so is this object.
        """
        patches = [
            (page * PAGE, bytes(data[: max(self._length - page * PAGE, 0)]))
            for page, data in sorted(self._pages.items())
        ]
        patches = [(offset, data) for offset, data in patches if data]
        if not patches and self._length == self._held:
            return
        tail = bytes(self._tail[: max(self._length - self._held, 0)])
        tail = tail.ljust(max(self._length - self._held, 0), b"\0")
        if self._held == 0:
            self._begin(tail)
            return
        changes = patches or self._length < self._held
        try:
            self._write(self._held, tail + (self._journal(patches) if changes else b""))
            synchronize(self._descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._held)
            state = f"It holds the {self._held} bytes of whole records written before"
            self.discard()
            raise write_failure(self.path, error, state) from error
        if changes:
            try:
                self._apply(patches)
            except OSError as error:
                self.close()  # the journal at the end must not be overwritten
                state = "Its last record is completed when it is opened again"
                raise write_failure(self.path, error, state) from error
        self._held = self._length
        self.discard()

    def _begin(self, data: bytes) -> None:
        """Write the first transaction as a file that takes the place of the empty one.

        Half of it, from a process that was killed, would look like a file that was damaged later.
        """
        try:
            write_atomically(self.path, data)
            file = self.path.open("r+b", buffering=0)
        except RunDirectoryError:
            self.discard()
            raise
        self._file.close()
        self._file = file
        self._held = len(data)
        self.discard()

    def discard(self) -> None:
        """Discard what was written since the last commit."""
        self._pages: dict[int, bytearray] = {}
        """Changed pages below the length held, by number."""
        self._tail = bytearray()
        """Bytes written beyond the length held."""
        self._length = self._held

    def close(self) -> None:
        """Close the file without committing; closing again does nothing."""
        self._file.close()

    # Methods that h5py's driver for file objects calls.

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset from the start, the present place or the end, and return the place."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}
        self._at = origin[whence] + offset
        return self._at

    def tell(self) -> int:
        """Return the place of the next byte that is read or written."""
        return self._at

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end."""
        data = bytearray(max(min(size, self._length - self._at), 0))
        self.readinto(data)
        return bytes(data)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, with zeros beyond the end, and return the number of bytes read."""
        view = memoryview(buffer)
        start, stop = self._at, min(self._at + len(view), self._length)
        view[:] = bytes(len(view))
        if stop <= start:
            return 0
        inside = os.pread(self._descriptor, max(min(stop, self._held) - start, 0), start)
        view[: len(inside)] = inside
        for page in range(start // PAGE, (start + len(inside) - 1) // PAGE + 1):
            data = self._pages.get(page, b"")
            begin, end = max(page * PAGE, start), min(page * PAGE + len(data), stop)
            if begin < end:
                view[begin - start : end - start] = data[begin - page * PAGE : end - page * PAGE]
        tail = self._tail[max(start - self._held, 0) : max(stop - self._held, 0)]
        begin = max(self._held - start, 0)
        view[begin : begin + len(tail)] = tail
        self._at = stop
        return stop - start

    def write(self, data: Any) -> int:
        """Write into the transaction."""
        view = memoryview(data)
        start, stop = self._at, self._at + len(view)
        pages_held = -(-min(stop, self._held) // PAGE) if start < self._held else 0
        for page in range(start // PAGE, pages_held):
            held = self._page(page)
            begin, end = max(page * PAGE, start), min(page * PAGE + len(held), stop)
            held[begin - page * PAGE : end - page * PAGE] = view[begin - start : end - start]
        if stop > self._held:
            begin = max(start, self._held)
            self._tail.extend(bytes(max(begin - self._held - len(self._tail), 0)))
            self._tail[begin - self._held : stop - self._held] = view[begin - start :]
        self._length = max(self._length, stop)
        self._at = stop
        return len(view)

    def truncate(self, size: int) -> int:
        """Set the length that the file will have, and return it."""
        del self._tail[max(size - self._held, 0) :]
        self._length = size
        return size

    def flush(self) -> None:
        """Do nothing: `commit` writes to the disk."""

    @property
    def _descriptor(self) -> int:
        return self._file.fileno()

    def _recover(self, in_place: bool) -> None:
        """Complete a transaction that a crash interrupted, in the file or only in memory."""
        journal = self._read_journal()
        if journal is None:
            return
        patches, self._length = journal
        if in_place:
            self._apply(patches)
        else:
            self._pages = {offset // PAGE: bytearray(data) for offset, data in patches}
        self._held = self._length

    def _page(self, number: int) -> bytearray:
        """Return a page below the length held, to be changed."""
        if number not in self._pages:
            size = min(PAGE, self._held - number * PAGE)
            self._pages[number] = bytearray(os.pread(self._descriptor, size, number * PAGE))
        return self._pages[number]

    def _journal(self, patches: list[tuple[int, bytes]]) -> bytes:
        pages = b"".join(_PATCH.pack(offset, len(data)) + data for offset, data in patches)
        return pages + _FOOTER.pack(MARK, len(pages), self._length, crc32(pages))

    def _read_journal(self) -> tuple[list[tuple[int, bytes]], int] | None:
        """Return pages and length of a transaction that was not completed, if there is one."""
        start = self._held - _FOOTER.size
        if start < 0:
            return None
        footer = os.pread(self._descriptor, _FOOTER.size, start)
        mark, size, length, checksum = _FOOTER.unpack(footer)
        if mark != MARK or size > start:
            return None
        pages = os.pread(self._descriptor, size, start - size)
        if crc32(pages) != checksum:
            return None
        patches, at = [], 0
        while at < size:
            offset, count = _PATCH.unpack_from(pages, at)
            at += _PATCH.size + count
            patches.append((offset, pages[at - count : at]))
        return patches, length

    def _apply(self, patches: list[tuple[int, bytes]]) -> None:
        for offset, data in patches:
            self._write(offset, data)
        synchronize(self._descriptor)
        # Not synchronised: a journal that survives a crash writes what is there already.
        os.ftruncate(self._descriptor, self._length)

    def _write(self, offset: int, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            count = os.pwrite(self._descriptor, rest, offset)
            rest, offset = rest[count:], offset + count
