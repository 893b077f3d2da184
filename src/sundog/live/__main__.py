"""Process of the server: `python -m sundog.live FOLDER`, started by `companion`.

It prints the address of the page as its first line, and ends when its standard input does, which is
a pipe from the run: however the run ends, so does this.
"""

import os
import sys
import threading
from functools import partial
from pathlib import Path

from sundog.live.pages import Pages, page_of, stamp_of
from sundog.live.server import LiveServer

LOWEST_PRIORITY = 19
"""Niceness of the process: the run comes first."""


def main() -> None:
    """Serve until the run ends."""
    folder = Path(sys.argv[1])
    os.nice(LOWEST_PRIORITY)
    pages = Pages(partial(page_of, folder), partial(stamp_of, folder))
    server = LiveServer(pages.answer)
    print(server.url, flush=True)
    # Nobody reads further lines: a full pipe would hold up whoever writes them.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    # Threads in the middle of a page are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
