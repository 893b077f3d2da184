"""Verbs that write: their commands, and whether they have left what they should."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase.build import molecule
from hardship.kills import PROTOCOL, SHORT
from hardship.processes import start
from hardship.same import difference

from sundog.io.extxyz import write_extxyz
from sundog.prepare.water import water_box

PLAN = [*SHORT, "--sample-every", "1", "--frame-every", "3", "--checkpoint-minutes", "0"]
"""Flags of runs."""


@dataclass(frozen=True)
class Verb:
    """Verb that writes.

    Attributes:
        name: name of the trial.
        begin: words of the command, with OUT for the output.
        resume: words that go on after an interruption; without them the command is repeated.
        outputs: names that it writes, with OUT for the output.
        exact: whether two outputs have the same bytes.
        computes: whether a full or closed standard output does not change its exit code.
    """

    name: str
    begin: tuple[str, ...]
    resume: tuple[str, ...] | None
    outputs: tuple[str, ...]
    exact: bool = True
    computes: bool = True

    def command(self, out: Path, again: bool = False) -> list[str]:
        """Return the words after `sundog` that begin with an output, or go on with it."""
        words = self.resume if again and self.resume is not None else self.begin
        return [word.replace("OUT", str(out)) for word in words]

    def paths(self, out: Path) -> list[Path]:
        """Return the paths that it writes."""
        return [Path(name.replace("OUT", str(out))) for name in self.outputs]

    def difference(self, out: Path, peace: Path) -> str | None:
        """Return how outputs differ from those that were written in peace; None if they do not."""
        if self.resume is not None and not self.outputs[0].endswith("extxyz"):
            return difference(out, peace)
        for one, other in zip(self.paths(out), self.paths(peace), strict=True):
            if not one.exists():
                return f"{one.name} is missing"
            if self.exact and one.read_bytes() != other.read_bytes():
                return f"{one.name} differs"
        left = [path.name for path in out.parent.glob(f".*{out.name}*")]
        return f"{left[0]} is left" if left else None

    def clear(self, out: Path) -> None:
        """Remove what it has written."""
        for path in self.paths(out):
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)


def verbs(inputs: Path) -> dict[str, Verb]:
    """Write inputs to a folder and return the verbs that use them."""
    import yaml

    inputs.mkdir(parents=True, exist_ok=True)
    water, many, protocol = (str(inputs / n) for n in ("w.extxyz", "set.extxyz", "stages.yaml"))
    write_extxyz(Path(water), water_box(8))
    write_extxyz(Path(many), labelled_set())
    Path(protocol).write_text(yaml.safe_dump(PROTOCOL | {"steps": 30}))
    run = ["nvt", water, "-o", "OUT", *PLAN, "--steps", "60"]
    data = ["evaluate", "--data", many, "--json", "OUT.json", "-o", "OUT"]
    covered = ["coverage", many, "--json", "OUT.json", "--save", "OUT.json.gz", "-o", "OUT"]
    found = [
        Verb("md", (*run, "--overwrite"), ("md", "--resume", "OUT"), ("OUT",)),
        Verb(
            "protocol",
            ("protocol", protocol, water, "-o", "OUT"),
            ("protocol", "--resume", "OUT"),
            ("OUT",),
        ),
        Verb(
            "predict",
            ("predict", many, "-o", "OUT.extxyz"),
            ("predict", many, "-o", "OUT.extxyz"),
            ("OUT.extxyz",),
        ),
        Verb(
            "minimize",
            ("minimize", water, "-o", "OUT.extxyz", *SHORT, "--steps", "5", "--overwrite"),
            None,
            ("OUT.extxyz",),
        ),
        Verb("evaluate", (*data,), None, ("OUT.json", "OUT"), exact=False, computes=False),
        Verb(
            "coverage",
            (*covered,),
            None,
            ("OUT.json", "OUT.json.gz", "OUT"),
            exact=False,
            computes=False,
        ),
        Verb(
            "explain",
            ("explain", many, "--json", "OUT.json", "-o", "OUT"),
            None,
            ("OUT.json", "OUT"),
            exact=False,
            computes=False,
        ),
    ]
    return {verb.name: verb for verb in found}


def labelled_set() -> list[Any]:
    """Return small molecules with energies that are none."""
    frames = []
    for number, name in enumerate(("H2O", "CH4", "NH3", "CH3OH", "H2O", "CH4", "C2H6", "C2H4")):
        atoms = molecule(name)
        atoms.rattle(0.02, seed=number)
        atoms.info |= {"REF_energy": -10.0 - number, "charge": 0}
        atoms.arrays["REF_forces"] = np.zeros((len(atoms), 3))
        frames.append(atoms)
    return frames


def in_peace(verb: Verb, folder: Path) -> Path:
    """Return the output of a verb that nothing happened to, made once.

    Raises:
        RuntimeError: it fails.
    """
    out, log = folder / f"peace-{verb.name}", folder / f"peace-{verb.name}.log"
    if not log.exists():
        code = start(verb.command(out), log).end()
        # A minimisation of few steps does not converge.
        if code not in (0, 3):
            log.rename(log.with_suffix(".failed"))
            raise RuntimeError(f"{verb.name}: exit code {code}; see {log.with_suffix('.failed')}")
    return out


def program(
    words: list[str], log: Path, prepare: Callable[[], Any] = lambda: None, **streams: Any
) -> subprocess.Popen:
    """Start `sundog` as a user does, with what it prints in a file unless streams are given."""

    def prepared() -> None:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which is ignored in the background
        prepare()

    printed = log.open("ab")
    with printed:
        printed.write(f"$ sundog {' '.join(words)}\n".encode())
        printed.flush()
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "sundog", *words],
            stdin=subprocess.DEVNULL,
            **{"stdout": printed, "stderr": printed} | streams,
            preexec_fn=prepared,  # noqa: PLW1509
        )


def wordless(log: Path) -> str | None:
    """Return what is wrong about the last words in a log: a traceback, a bug, or none at all."""
    said = log.read_text(errors="replace").rpartition("$ sundog")[2].split("\n", 1)[-1]
    for wrong in ("Traceback", "bug of sundog"):
        if wrong in said:
            return f"{wrong}: {said.strip().splitlines()[-1][:200]}"
    return None if said.strip() else "no word"
