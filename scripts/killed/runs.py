"""Kills at random moments: every run goes on and ends as if nothing had happened.

Half of the kills come at a random time, half at a random change of the run's files, in the middle
of it where it is a write. A run is killed up to `MOST_PER_RUN` times, resumed after each, and at
its end compared bit for bit with one that was left in peace.
"""

import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml
from killed.processes import Fuse, start
from killed.same import difference

from sundog.io.extxyz import write_extxyz
from sundog.prepare.water import water_box

MOST_PER_RUN = 4
"""Largest number of kills of one run."""

STEPS = 90
"""Number of steps of a run."""

OFTEN = ["--sample-every", "1", "--frame-every", "3", "--checkpoint-minutes", "0"]
"""Flags for rows, frames and checkpoints after few steps: writing takes much of the time."""

SHORT = ["--electrostatics", "truncated", "--cutoff-angstrom", "5"]
"""Flags for a treatment of electrostatics that takes little time."""

MESH = ["--electrostatics", "ewald", "--cutoff-angstrom", "5"]
"""Flags for sums over all images."""

CASES: dict[str, list[str]] = {
    "nvt langevin, xtc": ["nvt", *SHORT],
    "nvt bussi, dcd": ["nvt", *SHORT, "--thermostat", "bussi", "--trajectory", "dcd"],
    "nvt nose-hoover, h5md": ["nvt", *SHORT, "--thermostat", "nose-hoover", "--trajectory", "h5md"],
    "nve, extxyz, extras": [
        *("nve", *SHORT, "--trajectory", "extxyz", "--wrap"),
        *("--frame-extras", "velocities", "--frame-extras", "charges"),
    ],
    "replicas with exchanges, h5md": [
        *("nvt", *SHORT, "--trajectory", "h5md", "--replicas", "2", "--exchange-every", "4"),
        *("--replica-temperatures-kelvin", "300", "--replica-temperatures-kelvin", "330"),
    ],
    "ewald, xtc": ["nvt", *MESH],
    "ewald, two time steps, h5md": [
        *("nvt", *MESH, "--long-range-every", "2", "--trajectory", "h5md"),
        *("--sample-every", "2", "--frame-every", "6"),
    ],
    "npt langevin rescaling, h5md": ["npt", *SHORT, "--trajectory", "h5md"],
    "npt bussi rescaling, flexible, extxyz": [
        *("npt", *SHORT, "--thermostat", "bussi", "--coupling", "flexible"),
        *("--trajectory", "extxyz"),
    ],
    "npt mtk, ewald, dcd": ["npt", *MESH, "--barostat", "mtk", "--trajectory", "dcd"],
    "minimised, nvt, dcd": [
        *("nvt", *SHORT, "--minimize", "--minimize-steps", "20", "--trajectory", "dcd"),
    ],
}
"""Command lines of runs by what they are, without structure and folder."""

PROTOCOL = {
    "electrostatics": "truncated",
    "cutoff_angstrom": 5.0,
    "steps": 45,
    "sample_every": 1,
    "frame_every": 3,
    "checkpoint_minutes": 0.0,
    "stages": [
        {"name": "heat", "ensemble": "nvt", "minimize": True, "minimize_steps": 20},
        {"name": "press", "ensemble": "npt", "trajectory": "h5md"},
    ],
}
"""Protocol of two stages."""

OF_STAGES = "protocol: minimised nvt, npt"
"""Name of the case that is a protocol."""


@dataclass
class Work:
    """Work of one command line.

    Attributes:
        begin: words that begin it.
        resume: words that resume it.
        folder: folder that it writes to.
        marks: files without which there is nothing to resume, and it is begun again.
        again: words that begin it again in its folder.
    """

    begin: list[str]
    resume: list[str]
    folder: Path
    marks: tuple[str, ...]
    again: list[str]

    def next(self) -> list[str]:
        """Return the words of the next command that a user would give."""
        if all((self.folder / name).exists() for name in self.marks):
            return self.resume
        return self.again if self.folder.exists() else self.begin


def work_of(name: str, inputs: Path, folder: Path) -> Work:
    """Return the work of a case in a folder.

    Args:
        name: name of the case.
        inputs: folder of what runs are made from.
        folder: folder that is written.
    """
    water = inputs / "water.extxyz"
    if not water.exists():
        write_extxyz(water, water_box(8))
    if name == OF_STAGES:
        (inputs / "protocol.yaml").write_text(yaml.safe_dump(PROTOCOL))
        begin = ["protocol", str(inputs / "protocol.yaml"), str(water), "-o", str(folder)]
        resume = ["protocol", "--resume", str(folder)]
        return Work(begin, resume, folder, ("protocol.yaml", "structure.txt"), begin)
    verb, *flags = CASES[name]
    often = [] if "--sample-every" in flags else OFTEN[:4]
    flags += [*often, *OFTEN[4:], "--steps", str(STEPS)]
    begin = [verb, str(water), "-o", str(folder), *flags]
    resume = ["md", "--resume", str(folder)]
    marks = ("provenance.json", "config.yaml")
    return Work(begin, resume, folder, marks, [*begin, "--overwrite"])


@dataclass(frozen=True)
class Peace:
    """Run that was left in peace.

    Attributes:
        folder: folder with what it has left.
        seconds: time that it took.
        changes: number of changes that it made in its folder.
    """

    folder: Path
    seconds: float
    changes: int


def left_in_peace(name: str, inputs: Path, folder: Path) -> Peace:
    """Run a case twice: once to compile its programs, once to be compared with.

    Args:
        name: name of the case.
        inputs: folder of what runs are made from.
        folder: folder that is written.

    Raises:
        RuntimeError: it fails.
    """
    log, noted = folder.with_suffix(".log"), folder.with_suffix(".changes")
    for own in (folder.with_name(f"{folder.name}-first"), folder):
        work, fuse = work_of(name, inputs, own), Fuse(own)
        child = start([*work.begin], log, lambda fuse=fuse: _noting(fuse, noted))
        code = child.end()
        if code != 0:
            raise RuntimeError(f"{name}: exit code {code}; see {log}")
        seconds = time.monotonic() - child.begin
    if found := difference(folder.with_name(f"{folder.name}-first"), folder):
        raise RuntimeError(f"{name}: two runs in peace differ: {found}")
    return Peace(folder, seconds, int(noted.read_text()))


def _noting(fuse: Fuse, noted: Path) -> None:
    """Count changes, and write their number when the process ends."""
    fuse.arm()
    leave = os._exit

    def leaving(code: int) -> None:
        fuse.note(noted)
        leave(code)

    os._exit = leaving


def kill_and_resume(
    work: Work, peace: Peace, kills: int, chance: random.Random, counts: Counter[str]
) -> None:
    """Kill a run some times, and resume it to its end.

    Args:
        work: work of the run.
        peace: the same run, left in peace.
        kills: number of kills, unless it ends before.
        chance: source of the moments.
        counts: numbers of kills by kind, which are raised.

    Raises:
        RuntimeError: a command failed that was not killed.
    """
    log = work.folder.with_suffix(".log")
    for _ in range(kills):
        words = work.next()
        resumed = "resumptions killed" if words == work.resume else "beginnings killed"
        if chance.random() < 0.5:
            kind, fuse = "by clock", None
            child = start(words, log)
            code = child.wait(chance.uniform(0, peace.seconds))
            if code is None:
                child.kill()
                code = child.wait()
        else:
            kind, fuse = "by change", Fuse(work.folder, chance.randint(1, peace.changes))
            code = start(words, log, fuse.arm).end()
        if code == -9:
            counts.update([kind, resumed, "kills"])
        elif code == 0:
            return
        else:
            raise RuntimeError(f"exit code {code}, see {log}")
    code = start(work.next(), log).end()
    if code != 0:
        raise RuntimeError(f"exit code {code}, see {log}")


def sweep(folder: Path, kills: int, seed: int, only: str = "") -> int:
    """Kill runs of all cases, print the figures, and return the number of runs that ended wrongly.

    Args:
        folder: folder to work in.
        kills: number of kills in all.
        seed: seed of the random moments.
        only: part of the names of the cases that are meant.
    """
    names = [name for name in [*CASES, OF_STAGES] if only in name]
    totals: Counter[str] = Counter()
    for number, name in enumerate(names):
        chance = random.Random(f"{seed} {name}")
        own = folder / f"{number:02d}"
        own.mkdir(parents=True)
        peace = left_in_peace(name, own, own / "peace")
        wanted = kills * (number + 1) // len(names) - kills * number // len(names)
        counts = _kill(name, own, peace, wanted, chance)
        print(
            f"{name}: {counts['kills']} kills ({counts['by change']} at a change of a file), "
            f"{counts['runs']} runs, {counts['wrong']} wrong; "
            f"{peace.changes} changes in {peace.seconds:.1f} s",
            flush=True,
        )
        totals.update(counts)
    print(
        f"{totals['kills']} kills, {totals['by change']} of them at a change of a file and "
        f"{totals['resumptions killed']} of them in a resumption; of the {totals['runs']} runs "
        f"that were killed, {totals['runs'] - totals['wrong']} ended as if left in peace and "
        f"{totals['wrong']} did not",
        flush=True,
    )
    return totals["wrong"]


def _kill(name: str, folder: Path, peace: Peace, kills: int, chance: random.Random) -> Counter[str]:
    """Kill runs of a case so many times; what ends wrongly is kept and named."""
    counts: Counter[str] = Counter()
    while counts["kills"] < kills:
        own = folder / f"run{counts['runs']:03d}"
        work = work_of(name, folder, own)
        several = min(chance.randint(1, MOST_PER_RUN), kills - counts["kills"])
        counts["runs"] += 1
        try:
            kill_and_resume(work, peace, several, chance, counts)
            found = difference(own, peace.folder)
        except (RuntimeError, OSError, LookupError) as error:
            found = f"{type(error).__name__}: {error}"
        if found is None:
            shutil.rmtree(own)
            own.with_suffix(".log").unlink()
        else:
            counts["wrong"] += 1
            print(f"{name}, {own}: {found}", flush=True)
    return counts
