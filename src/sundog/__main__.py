"""`sundog` and `python -m sundog`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from sundog.cli.door import guarded
    from sundog.cli.streams import open_streams

    open_streams()
    sys.exit(guarded(_work, sys.argv[1:]))


def _work() -> int:
    from sundog.cli.allocator import restart_with_retaining_allocator
    from sundog.cli.app import run
    from sundog.cli.environment import check_jax_variables, choose_picture_backend

    arguments = sys.argv[1:]
    restart_with_retaining_allocator(arguments)
    choose_picture_backend()
    if arguments and "--help" not in arguments:
        check_jax_variables()
    return run(arguments)


if __name__ == "__main__":
    main()
