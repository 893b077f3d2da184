"""Flags of other programs, with what says the same here; and the answer to an unknown option.

The table has the flags of the published program of SO3LR and the names that GROMACS uses on its
command line and in its mdp files.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from cyclopts import CycloptsError, UnknownOptionError

LIKENESS = 0.75
"""Similarity from which on a flag is suggested in place of an unknown one, of at most 1."""

POSITIONAL = "the structure file stands behind the verb, without a flag"
"""Answer to the flags of input files."""

LISTS = "leave it out: pair lists are enlarged where they overflow, and no step is lost"
"""Answer to the flags of the room in pair lists."""

CHAIN = "leave it out: chains have a fixed length"
"""Answer to the flags of Nosé–Hoover chains."""

CHECKPOINTS = "leave it out: checkpoints are written without being asked for (--checkpoint-minutes)"
"""Answer to the flags of checkpoint files."""

LOG = "leave it out: the log is run.log in the folder of the run"
"""Answer to the flags of log files."""

CONSTRAINTS = "--constraints h-bonds or rigid-water+h-bonds"
"""Answer to the flags of rigid bonds."""

FOREIGN: Mapping[str, str] = {
    # the published program
    "input": POSITIONAL,
    "datafile": POSITIONAL,
    "settings": "--config FILE.yaml",
    "dt": "--timestep-fs, in fs",
    "lr-cutoff": "--cutoff-angstrom, in Å",
    "total-charge": "--charge",
    "temperature": "--temperature-kelvin",
    "pressure": "--pressure-bar",
    "md-cycles": "--steps, which is the whole number of steps",
    "md-steps": "--steps, which is the whole number of steps",
    "save-buffer": "--frame-every, steps between frames",
    "relax": "--minimize",
    "no-relax": "leave it out: nothing is minimised unless --minimize is given",
    "min-cycles": "--minimize-steps with md, --steps with minimize",
    "min-steps": "--minimize-steps with md, --steps with minimize",
    "force-conv": "--minimize-force-ev-per-angstrom with md, --force-ev-per-angstrom with minimize",
    "nhc-thermo": "--thermostat-time-fs, in fs, with --thermostat nose-hoover",
    "nhc-baro": "--barostat-time-fs, in fs, with --barostat mtk",
    "nhc-chain": CHAIN,
    "nhc-steps": CHAIN,
    "nhc-sy-steps": CHAIN,
    "buffer-sr": LISTS,
    "buffer-lr": LISTS,
    "restart-save": CHECKPOINTS,
    "restart-load": "--resume FOLDER",
    "log-file": LOG,
    "save-to": "--output",
    "batch-size": "leave it out: batches are chosen by their size",
    "jit-compile": "leave it out: everything is compiled",
    "kspace-type": "--electrostatics ewald",
    # GROMACS
    "nsteps": "--steps",
    "tinit": "leave it out: a run counts from 0",
    "integrator": "--ensemble and --thermostat",
    "tcoupl": "--thermostat",
    "pcoupl": "--barostat, with --ensemble npt",
    "pcoupltype": "--coupling",
    "ref-t": "--temperature-kelvin",
    "ref-p": "--pressure-bar",
    "tau-t": "--thermostat-time-fs, in fs, or --friction-per-ps",
    "tau-p": "--barostat-time-fs, in fs",
    "compressibility": "--compressibility-per-bar",
    "gen-vel": "--momenta thermal or structure",
    "gen-temp": "--temperature-kelvin",
    "gen-seed": "--seed",
    "ld-seed": "--seed",
    "annealing": "--temperature-end-kelvin with --ramp-steps",
    "nstxout": "--frame-every",
    "nstxout-compressed": "--frame-every",
    "nstvout": "--frame-every with --frame-extras velocities",
    "nstfout": "--frame-every with --frame-extras forces",
    "nstenergy": "--sample-every",
    "nstlog": "--sample-every",
    "nstlist": LISTS,
    "nstcomm": "--remove-drift-every",
    "rlist": "--cutoff-angstrom, in Å",
    "rcoulomb": "--cutoff-angstrom, in Å",
    "rvdw": "--cutoff-angstrom, in Å",
    "coulombtype": "--electrostatics",
    "dispcorr": "--dispersion-tail on or off",
    "constraints-algorithm": CONSTRAINTS,
    "constraint-algorithm": CONSTRAINTS,
    "emtol": "--force-ev-per-angstrom, in eV/Å",
    "emstep": "leave it out: the optimizer finds its steps",
    "freezegrps": "--freeze",
    "cpi": "--resume FOLDER",
    "cpt": "--checkpoint-minutes",
    "deffnm": "--output FOLDER",
    "maxh": "leave it out: SIGTERM ends a run with a checkpoint",
    "ntomp": "leave it out, or set OMP_NUM_THREADS",
    "nb": "--kernels",
    # short names that many programs share
    "temp": "--temperature-kelvin",
    "timestep": "--timestep-fs, in fs",
    "thermo": "--sample-every",
    "dump": "--frame-every",
    "cutoff": "--cutoff-angstrom, in Å",
    "spin": "--multiplicity, 2S + 1",
    "mult": "--multiplicity, 2S + 1",
    "uhf": "--multiplicity, which is the number of unpaired electrons + 1",
    "chrg": "--charge",
    "fmax": "--force-ev-per-angstrom with minimize, --minimize-force-ev-per-angstrom with md",
    "device": "leave it out, or set JAX_PLATFORMS to cpu or cuda",
    "restart": "--resume FOLDER",
    "verbose": "leave it out: everything that is chosen is said",
}
"""Answers by the name of a flag elsewhere, without dashes in front: what says the same here."""


def unknown(error: UnknownOptionError) -> str:
    """Return the message about an option that a verb does not have."""
    keyword = (error.token.keyword or error.token.value).partition("=")[0]
    known = [name for one in error.argument_collection if one.parse for name in one.names]
    from_file = error.token.source != "cli"
    shown = keyword.strip("[]") if from_file else keyword
    where = f" (in {error.token.source})" if from_file else ""
    return f"{shown}: there is no such setting{where}.{suggestion(shown, known)}"


def suggestion(keyword: str, known: Iterable[str]) -> str:
    """Return a sentence about what an unknown flag may mean, with a blank before it, or nothing.

    Args:
        keyword: the flag.
        known: flags that there are.
    """
    name = keyword.lstrip("-").replace("_", "-").lower()
    if (answer := FOREIGN.get(name)) is not None:
        return f" {answer[0].upper() if answer[0] != '-' else 'Use -'}{answer[1:]}."
    long = [flag for flag in known if flag.startswith("--")]
    close = get_close_matches(f"--{name}", long, 1, cutoff=LIKENESS)
    begun = [flag for flag in long if flag.startswith(f"--{name}-")]
    meant = close[0] if close else begun[0] if len(begun) == 1 else None
    return f" Perhaps {meant} is meant." if meant else " `--help` lists all there are."


def explained(error: CycloptsError) -> object:
    """Return what the parser's errors are printed as: an own sentence, or the parser's panel."""
    from cyclopts import CycloptsPanel
    from rich.text import Text

    if isinstance(error, UnknownOptionError):
        return Text(f"sundog: {unknown(error)}")
    return CycloptsPanel(error)
