"""`sundog` and `python -m sundog`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from sundog.cli.allocator import restart_with_retaining_allocator
    from sundog.cli.app import run

    restart_with_retaining_allocator(sys.argv[1:])
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
