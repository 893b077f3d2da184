"""`sundog` and `python -m sundog`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from sundog.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
