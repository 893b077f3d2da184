"""Facts of a run: what was run and how, on what, at what cost, and how to do it again."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sundog.analysis.atoms import backbone, waters
from sundog.analysis.bilayers.graph import lipids
from sundog.analysis.recording import Recording
from sundog.analysis.sugars.graph import sugar_rings
from sundog.elements import symbol
from sundog.topology.topology import Topology

SPEED = re.compile(r"Speed: (.+)")
"""Line of a log that tells the speed."""

CHOSEN_SETTINGS = (
    "model", "electrostatics", "cutoff_angstrom", "dispersion_tail", "precision", "kernels",
)  # fmt: skip
"""Settings that tell the force field."""


@dataclass(frozen=True)
class Facts:
    """Facts of a run.

    Attributes:
        name: name of the run.
        facts: labels and values, as shown.
        settings: all settings, as shown.
        steps: sentences on how to do it again, each with a command where there is one.
        steps_done: number of the last step in the energies table; None without one.
        has_ended: whether the last structure is there; None for a bare trajectory.
        blew_up: whether there is a flight record.
        provenance: record of the run; empty for a bare trajectory.
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...] = ()
    steps: tuple[dict[str, str], ...] = ()
    steps_done: int | None = None
    has_ended: bool | None = None
    blew_up: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)


def facts_of(recording: Recording, folder: Path | None) -> Facts:
    """Return the facts of a run.

    Args:
        recording: run.
        folder: folder of the run; None for a bare trajectory.
    """
    system = [("Run", recording.name), ("System", describe(recording)), *_cell(recording)]
    if folder is None:
        return Facts(recording.name, tuple(system))
    told = _provenance(folder)
    settings = recording.settings
    log = _text(folder / "run.log")
    facts = [
        *system,
        ("Simulation", _simulation(recording)),
        ("Force field", _force_field(settings)),
        ("Weights", _weights(told)),
        ("Cost", _cost(log)),
        ("Machine", ", ".join(str(told[key]) for key in ("device", "platform") if key in told)),
        ("Begun", str(told.get("started", ""))),
        ("Versions", _versions(told)),
    ]
    table = recording.energies
    return Facts(
        recording.name,
        tuple((label, value) for label, value in facts if value),
        tuple((name.replace("_", " "), _shown(value)) for name, value in settings.items()),
        tuple(_steps(folder, told)),
        int(table["step"][-1]) if len(table.get("step", ())) else None,
        (folder / "final.extxyz").is_file(),
        (folder / "flight_record.txt").is_file(),
        told,
    )


def describe(recording: Recording) -> str:
    """Return what a system is made of in words."""
    topology = recording.topology
    count = len(topology)
    water = int(waters(topology).sum()) // 3
    rest = count - 3 * water
    parts = []
    if rest:
        numbers = Counter(symbol(n) for n in topology.numbers[~waters(topology)].tolist())
        formula = "".join(f"{kind}{_low(number)}" for kind, number in sorted(numbers.items()))
        parts.append(", ".join([*_kinds(topology), formula]))
    if water:
        parts.append(f"{water:,} water molecule{'s' if water > 1 else ''}")
    return f"{' and '.join(parts)}; {count:,} atoms"


def _kinds(topology: Topology) -> list[str]:
    """Return what the molecules are: peptides, sugars, lipids."""
    residues, sugars, fat = (
        len(backbone(topology)),
        len(sugar_rings(topology)),
        len(lipids(topology)),
    )
    found = []
    if residues > 1:
        found.append(f"a peptide of {residues} residues")
    if sugars:
        found.append(f"{sugars} sugar{'s' if sugars > 1 else ''}")
    if fat:
        found.append(f"{fat} lipid{'s' if fat > 1 else ''}")
    return found


def _low(number: int) -> str:
    return "" if number == 1 else str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _cell(recording: Recording) -> list[tuple[str, str]]:
    cell = recording.atoms.cell
    if cell.rank < 3:
        return [("Cell", "none")]
    a, b, c, alpha, beta, gamma = cell.cellpar()
    right = max(abs(alpha - 90), abs(beta - 90), abs(gamma - 90)) < 0.01
    angles = "" if right else f"; {alpha:.1f}°, {beta:.1f}°, {gamma:.1f}°"
    return [("Cell", f"{a:.2f} × {b:.2f} × {c:.2f} Å{angles}")]


def _simulation(recording: Recording) -> str:
    settings = recording.settings
    ensemble = str(settings.get("ensemble", "")).upper()
    parts = [ensemble]
    if ensemble != "NVE" and settings.get("temperature_kelvin") is not None:
        parts.append(f"{settings['temperature_kelvin']:g} K ({settings.get('thermostat')})")
    if ensemble == "NPT":
        parts.append(f"{settings.get('pressure_bar', 1):g} bar ({settings.get('barostat')})")
    step = float(settings.get("timestep_fs", 0))
    done = recording.energies.get("time_ps", np.zeros(0))
    parts.append(f"timestep {step:g} fs")
    if len(done):
        parts.append(f"{float(done[-1]):.4g} ps")
    if recording.resumed_ps:
        parts.append(f"continued {len(recording.resumed_ps)} times")
    return ", ".join(part for part in parts if part)


def _force_field(settings: Mapping[str, Any]) -> str:
    told = [
        f"{name.removesuffix('_angstrom').replace('_', ' ')} {_shown(settings[name])}"
        + (" Å" if name.endswith("_angstrom") else "")
        for name in CHOSEN_SETTINGS
        if settings.get(name) is not None
    ]
    return ", ".join(told)


def _weights(told: Mapping[str, Any]) -> str:
    weights = told.get("weights")
    if not isinstance(weights, Mapping) or not weights.get("sha256"):
        return ""
    return f"{weights.get('name')}, sha256 {weights['sha256']}"


def _versions(told: Mapping[str, Any]) -> str:
    packages = told.get("packages")
    named = packages.items() if isinstance(packages, Mapping) else ()
    python = [f"Python {told['python']}"] if "python" in told else []
    return ", ".join([*(f"{name} {number}" for name, number in named if number), *python])


def _cost(log: str) -> str:
    speeds = SPEED.findall(log)
    return speeds[-1] if speeds else ""


def _steps(folder: Path, told: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return how to do a run again."""
    found: list[dict[str, str]] = []
    source = told.get("input")
    if isinstance(source, Mapping) and source.get("sha256"):
        found.append(
            {
                "text": f"The structure is {source.get('file')} in the folder of the run "
                f"(sha256 {source['sha256']}); the settings are config.yaml beside it.",
                "code": "",
            }
        )
    words = told.get("command_line")
    if isinstance(words, list) and words:
        found.append(
            {
                "text": "It was begun with the command",
                "code": shlex.join(str(word) for word in words),
            }
        )
    name = shlex.quote(folder.name)
    copy = source.get("file") if isinstance(source, Mapping) else "input.extxyz"
    again = f"sundog md --config {name}/config.yaml {shlex.quote(f'{folder.name}/{copy}')} -o again"
    return [
        *found,
        {
            "text": "The same settings and seed give the same trajectory on the same kind of "
            "machine and versions, and one of the same ensemble on others:",
            "code": again,
        },
        {"text": "To go on where it ended:", "code": f"sundog md --resume {name} --steps STEPS"},
    ]


def _provenance(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads(_text(folder / "provenance.json"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "–"
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(_shown(one) for one in value) or "–"
        case _:
            return str(value)
