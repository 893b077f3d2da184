"""Application of the command line: its verbs, `--config`, messages and exit codes of errors.

Exit codes: 0 done; 1 a bug; 2 wrong input, nothing was changed; 3 a simulation failed, the
steps before are on disk; 128 + n stopped by signal n after writing everything.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from cyclopts import App, CycloptsError
from cyclopts.config import Dict

from sundog import __version__
from sundog.cli.allocator import COMPUTING_VERBS
from sundog.cli.door import complain, guarded
from sundog.cli.foreign import explained
from sundog.cli.given import Given
from sundog.cli.streams import QUIET, screens
from sundog.errors import InputError, SundogError

VERBS = {
    "analyze": ("sundog.cli.verbs.analyze:analyze", "Measure observables along runs."),
    "bench": ("sundog.cli.verbs.bench:bench", "Measure the speed on this machine."),
    "cite": ("sundog.cli.verbs.cite:cite", "Print the works to cite, as BibTeX."),
    "coverage": (
        "sundog.cli.verbs.coverage:coverage",
        "Count the local environments of a set, and find those that it lacks.",
    ),
    "doctor": ("sundog.cli.verbs.doctor:doctor", "Say what this installation can do."),
    "evaluate": ("sundog.cli.verbs.evaluate:evaluate", "Measure the accuracy of a model."),
    "explain": ("sundog.cli.verbs.explain:explain", "Take a prediction apart."),
    "md": ("sundog.cli.verbs.md:md", "Run molecular dynamics of a structure."),
    "minimize": ("sundog.cli.verbs.minimize:minimize", "Relax a structure and its cell."),
    "predict": ("sundog.cli.verbs.predict:predict", "Compute energies, forces and charges."),
    "protocol": ("sundog.cli.verbs.protocol:protocol", "Run stages of molecular dynamics."),
    "prepare": ("sundog.cli.verbs.prepare:app", "Build structures to simulate."),
    "recipe": ("sundog.cli.verbs.recipe:app", "Make the figures of the paper."),
    "report": (
        "sundog.cli.verbs.report:report",
        "Make one page of runs: verdict, trajectory, observables.",
    ),
    "train": ("sundog.cli.verbs.train:train", "Train a model on labelled structures."),
    "tune": ("sundog.cli.verbs.tune:tune", "Find the fastest cutoff and mesh for a structure."),
    "weights": (
        "sundog.cli.verbs.weights:app",
        "Fetch, import, export, list and show weights.",
    ),
}
"""Function and summary of each verb. It is imported when called, so that help is immediate."""


SHORTHANDS = {
    "nve": ["md", "--ensemble", "nve"],
    "nvt": ["md", "--ensemble", "nvt"],
    "npt": ["md", "--ensemble", "npt"],
    "opt": ["minimize"],
}
"""Verbs that stand for a verb with a setting; also upstream's spelling."""


def make_app(verbs: Collection[str] = tuple(VERBS)) -> App:
    """Return the application with some of the verbs."""
    app = App(
        name="sundog",
        help="Molecular simulation with the SO3LR machine-learned force field.",
        version=__version__,
        suppress_keyboard_interrupt=False,  # `run` says what happened
    )
    for name in verbs:
        target, summary = VERBS[name]
        app.command(target, name=name, help=summary)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    with screens() as screen:
        code = guarded(lambda: _answered(list(arguments)), arguments)
        screen.flush()
        failure = screen.failure
        if failure is None or failure.errno in QUIET:
            return code
        reason = failure.strerror or failure
        complain(f"standard output could not be written ({reason}); lines are missing in it")
        # Of these the results are files, and the lines are in a log.
        return code or (0 if COMPUTING_VERBS.intersection(arguments[:1]) else 2)


def _answered(arguments: list[str]) -> int:
    """Run one command line with messages in place of refusals; return its exit code."""
    try:
        arguments, config = _take_config(arguments)
        if arguments and arguments[0] in SHORTHANDS:
            arguments = SHORTHANDS[arguments[0]] + arguments[1:]
        given = Given()
        app = make_app()
        if config is not None and arguments and arguments[0] in VERBS:
            # A key of the file that is the name of a verb would be taken for that verb.
            app = make_app([arguments[0]])
            app.config = (settings_of(config), given)
        else:
            app.config = given
        command, bound, _ = app.parse_args(
            arguments, exit_on_error=False, error_formatter=explained
        )
        given.refuse_unread(bound)
        code = command(*bound.args, **bound.kwargs)
    except CycloptsError:
        return 2  # cyclopts has printed it
    except SundogError as error:
        message = " ".join([str(error), *getattr(error, "__notes__", [])])
        return complain(translated(message, arguments), error.exit_code)
    return code if isinstance(code, int) else 0


def translated(message: str, arguments: Sequence[str]) -> str:
    """Return a message with the flags of the verb that ran in place of the fields it names."""
    verb = arguments[0] if arguments else ""
    if verb not in VERBS:
        return message
    from sundog.cli.flags import flags_of, with_flags

    chosen = make_app([verb])[verb]
    if len(arguments) > 1 and arguments[1] in set(chosen) - {"--help", "--version", "-h"}:
        chosen = chosen[arguments[1]]
    return with_flags(message, flags_of(chosen))


def settings_of(file: Path) -> Dict:
    """Return the settings in a YAML file as a source for the parser.

    Raises:
        FileFormatError: the file is missing, or holds no settings.
    """
    from sundog.runs.yaml_files import read_mapping

    told = read_mapping(file)
    return Dict(told, source=str(file), allow_unknown=False, use_commands_as_keys=False)


def _take_config(arguments: list[str]) -> tuple[list[str], Path | None]:
    """Take `--config FILE` out of the arguments: settings of a verb from a YAML file.

    With `--resume FOLDER` the file is the `config.yaml` of the run there, if there is one.

    Raises:
        InputError: the file is missing, or is given beside a folder that has one.
    """
    rest, config = _taken(arguments, "--config")
    _, folder = _taken(arguments, "--resume")
    if config is None:
        if folder is None or arguments[0] == "protocol":
            return arguments, None
        stored = Path(folder) / "config.yaml"
        return arguments, stored if stored.is_file() else None
    if folder is not None:
        raise InputError("--config: the folder given to --resume has one already")
    if not config or config.startswith("--"):
        raise InputError("--config: the file is missing", expected="--config FILE.yaml")
    return rest, Path(config)


def _taken(arguments: list[str], flag: str) -> tuple[list[str], str | None]:
    """Return the arguments without `FLAG VALUE` or `FLAG=VALUE`, and the value.

    Without the flag the value is None; where nothing follows the flag it is empty.
    """
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == flag:
            after = place + 1 if equals else place + 2
            value = value if equals else "".join(arguments[place + 1 : after])
            return arguments[:place] + arguments[after:], value
    return arguments, None
