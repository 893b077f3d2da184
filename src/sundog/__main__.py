"""`sundog` and `python -m sundog`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from sundog.cli.allocator import restart_with_retaining_allocator
    from sundog.cli.app import run
    from sundog.cli.streams import open_closed_descriptors

    open_closed_descriptors()
    restart_with_retaining_allocator(sys.argv[1:])
    sys.exit(run(sys.argv[1:]))


def leave_the_current_folder() -> None:
    """Take the folder that `python -m` puts first, the current one, from the path of imports.

    A `numpy.py` or `platform.py` beside a downloaded structure would be run otherwise.
    """
    if not sys.flags.safe_path:
        del sys.path[0]


if __name__ == "__main__":
    leave_the_current_folder()
    main()
