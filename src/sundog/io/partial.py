"""File that is written part by part and continued where a killed run stopped.

While it grows its name is `NAME.partial`, and `NAME.partial.json` holds what it is made from and
the number of parts; once complete, it is renamed. The state is written after the part that it
counts is on the disk, so that a truncated part is cut off and written again.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sundog.errors import RunDirectoryError
from sundog.files import sync_folder, write_atomically, write_failure
from sundog.io.append import AppendFile


class PartialFile:
    """File that is not complete yet.

    Attributes:
        done: Number of parts that are on the disk.
    """

    def __init__(self, path: Path, origin: Mapping[str, Any], *, anew: bool = False):
        """Begin a file, or continue one that was made from the same origin.

        Args:
            path: Path of the complete file.
            origin: Everything that the file depends on, as JSON.
            anew: Whether to begin again even if there is a file to continue.

        Raises:
            RunDirectoryError: There is a file that was made from something else, or the file
                cannot be written.
        """
        self._path = path
        self._origin = json.loads(json.dumps(dict(origin)))
        self._state = path.with_name(f"{path.name}.partial.json")
        state = None if anew else self._known()
        self.done = 0 if state is None else int(state["done"])
        position = None if state is None else int(state["position"])
        self._file = AppendFile(path.with_name(f"{path.name}.partial"), position)

    def append(self, part: str) -> None:
        """Write the next part.

        Raises:
            RunDirectoryError: The disk is full; the file ends with the part before.
        """
        self._file.append(part.encode())
        self._file.flush()
        self.done += 1
        state = {"origin": self._origin, "done": self.done, "position": self._file.position}
        write_atomically(self._state, json.dumps(state))

    def finish(self) -> None:
        """Rename the file, which is complete.

        Raises:
            RunDirectoryError: The file cannot be renamed.
        """
        self._file.close()
        try:
            self._file.path.replace(self._path)
            sync_folder(self._path.parent)
            self._state.unlink(missing_ok=True)
        except OSError as error:
            raise write_failure(self._path, error, "All parts are in the partial file") from error

    def close(self) -> None:
        """Close the file as it is, to be continued later."""
        self._file.close()

    def _known(self) -> dict[str, Any] | None:
        """Return the state of the file that is there, if any."""
        try:
            state = json.loads(self._state.read_text())
            origin = state["origin"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if origin != self._origin:
            keys = {**origin, **self._origin}
            differing = [key for key in keys if origin.get(key) != self._origin.get(key)]
            raise RunDirectoryError(
                f"{self._state}: the unfinished file beside it was made from something else",
                got=f"another {', '.join(differing)}",
                remedy="Repeat the earlier command to finish it, or begin again with "
                "overwrite=True",
            )
        return state
