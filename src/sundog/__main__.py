"""`sundog` and `python -m sundog`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from sundog.cli.signals import defer

    defer()  # until there are words for them
    from sundog.cli.door import guarded
    from sundog.cli.streams import open_closed_descriptors, screens

    open_closed_descriptors()
    with screens():
        code = guarded(_work, sys.argv[1:])
    sys.exit(code)


def _work() -> int:
    from sundog.cli.allocator import restart_with_retaining_allocator
    from sundog.cli.signals import heeding

    arguments = sys.argv[1:]
    with heeding():
        restart_with_retaining_allocator(arguments)
        # What this process imports before it starts itself again, it imports twice.
        from sundog.cli.app import run
        from sundog.cli.environment import check_jax_variables, choose_picture_backend

        choose_picture_backend()
        if arguments and "--help" not in arguments:
            check_jax_variables()
        return run(arguments)


def leave_the_current_folder() -> None:
    """Take the folder that `python -m` puts first, the current one, from the path of imports.

    A `numpy.py` or `platform.py` beside a downloaded structure would be run otherwise.
    """
    if not sys.flags.safe_path:
        del sys.path[0]


if __name__ == "__main__":
    leave_the_current_folder()
    main()
