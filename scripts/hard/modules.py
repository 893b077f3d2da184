"""Files with names of modules in the current folder, beside a structure that was downloaded."""

import os
import random
import subprocess
import sys

from hard.tries import Ground, Tried

NAMES = (
    *("numpy", "typing", "platform", "jax", "ase", "pip", "matplotlib", "yaml", "encodings"),
    *("sitecustomize", "usercustomize", "openmm", "pdbfixer", "rdkit", "packmol", "scipy"),
)
"""Names of modules that lie there. What Python imports for `-m` before it looks for sundog, as
`runpy`, no package can keep from being run; `sundog` itself and `python -P` have no such gap."""


def modules(ground: Ground, chance: random.Random) -> Tried:
    """Yield commands in a folder full of modules that say when they are imported."""
    own = ground.new()
    for name in NAMES:
        (own / f"{name}.py").write_text("print('IMPORTED')\nraise SystemExit(99)\n")
    structure = str(ground.structure)
    commands = [
        ["doctor"],
        ["weights", "list"],
        ["md", structure, "--dry-run"],
        ["predict", structure, "-o", "predicted.extxyz"],
        ["minimize", structure, "-o", "minimized.extxyz", "--force-ev-per-angstrom", "5"],
        ["explain", structure, "--no-dimer"],
        ["coverage", structure],
        ["prepare", "--smiles", "CCO", "-o", "ethanol"],
        ["prepare", "--box", "water:20,CO:5", "-o", "methanol"],
        ["prepare", "--sequence", "AG", "-o", "peptide"],
    ]
    environment = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    for words in commands:
        for way in ([sys.executable, "-m", "sundog"], [sys.executable, "-P", "-m", "sundog"]):
            done = subprocess.run(
                [*way, *words, *(["--overwrite"] if "-o" in words else [])],
                cwd=own,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            what = f"{' '.join(words[:2])}, {' '.join(way[1:])}"
            said = done.stdout + done.stderr
            wrong = "IMPORTED" in said or done.returncode != 0
            yield what, f"exit code {done.returncode}: {said[-300:]}" if wrong else None
