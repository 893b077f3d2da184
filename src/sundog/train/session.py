"""A training run in a folder: begun or resumed, kept, validated, and its weights written."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from sundog.data.store import MARKER, is_store
from sundog.errors import InputError, RunDirectoryError
from sundog.files import hash_of, write_atomically
from sundog.numerics.precision import with_x64
from sundog.plots.drawing import draw
from sundog.plots.pictures import Curves, Line, Mark
from sundog.plots.style import save_figure
from sundog.runs.checkpoint_files import Checkpoint, newest_checkpoint, save_checkpoint
from sundog.runs.provenance import collect_provenance
from sundog.train.folder import TrainingFolder
from sundog.train.keeping import Progress, arrays_of, state_of
from sundog.train.loop import Loop, Validation
from sundog.train.materials import Materials
from sundog.train.settings import TrainingSettings
from sundog.train.step import begin
from sundog.weights.card import new_card
from sundog.weights.load import arrays_of as weights_of
from sundog.weights.store import WeightSet, write_weights

Report = Callable[[str], None]

KEPT_STATES = 2
"""Number of states that stay: the last one, and the one before in case that is damaged."""

MAY_CHANGE = frozenset(
    {"steps", "epochs", "validate_every", "log_every", "patience", "checkpoint_minutes"}
)
"""Settings that a resumed run may change: they change no step that it would make otherwise."""


@dataclass(frozen=True)
class Outcome:
    """End of a run.

    Attributes:
        step: last step.
        steps: steps that were asked for.
        best: lowest loss of a validation, None without any.
        reason: why it ended early, empty where it did not.
    """

    step: int
    steps: int
    best: float | None
    reason: str


def hashes_of(files: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of data files by their names; of folders that are no stores none.

    That of a store is of the file that holds the hashes of the others.
    """
    named = {str(file): file / MARKER if is_store(file) else file for file in files}
    return {name: hash_of(file) for name, file in named.items() if file.is_file()}


def refuse_changed_data(folder: TrainingFolder, files: Sequence[Path]) -> None:
    """Refuse to resume a run whose data are not those it began with.

    Raises:
        RunDirectoryError: naming the file.
    """
    known = folder.provenance().get("data", {})
    found = hashes_of(files)
    for name in sorted(known.keys() | found.keys()):
        if known.get(name) != found.get(name):
            raise RunDirectoryError(
                f"resume: the data have changed since {folder.path} was begun",
                got=name,
                expected=f"sha256 {known.get(name, 'of no such file')}",
                remedy="Put back the file, or begin a new run",
            )


def refuse_changes(kept: Mapping[str, Any], settings: TrainingSettings) -> None:
    """Refuse to resume a run with settings that would change its steps.

    Args:
        kept: settings that were kept with the state.
        settings: settings that are asked for.

    Raises:
        InputError: naming the first of them.
    """
    told = json.loads(json.dumps(settings.as_dict()))
    allowed = MAY_CHANGE
    if told["schedule"] == "cosine":  # which ends with the last step
        allowed = allowed - {"steps", "epochs"}
    for name, value in told.items():
        if name not in allowed and kept.get(name) != value:
            raise InputError(
                f"{name}: a resumed run keeps it",
                got=value,
                expected=str(kept.get(name)),
                remedy="Begin a new run with start_from its weights",
            )


class Session:
    """A training run in its folder."""

    def __init__(
        self,
        folder: TrainingFolder,
        materials: Materials,
        report: Report,
        *,
        command_line: Sequence[str],
        data: Mapping[str, str],
    ):
        """Begin a run, or go on where its folder has a state.

        Args:
            folder: the folder, locked.
            materials: data, plan and force field.
            report: called with lines of text.
            command_line: words of the command line.
            data: hashes of the data files by their names.

        Raises:
            RunDirectoryError: none of the states that are there can be used.
            InputError: settings differ from those that the run began with.
            UnavailableError: optax is not installed.
        """
        settings = materials.settings
        self._folder, self._materials, self._report = folder, materials, report
        self._data, self._command_line = dict(data), list(command_line)
        state, recipe = begin(
            materials.force_field, settings.optimizer, settings.loss, materials.steps
        )
        if settings.precision == "float32":
            nearest = settings.data.shortest_distance_angstrom
            recipe = recipe.expanded(nearest)
        progress = Progress()
        kept = newest_checkpoint(folder.states, lambda _: None, report)
        if kept is not None:
            refuse_changes(kept.record.get("settings", {}), settings)
            state, progress = _restored(kept, state)
            report(f"Resumed at step {int(state.step)}, from {kept.path.name}")
        for name in ("losses", "validation"):
            folder.table(name).cut(int(state.step))
        self._recipe, self._clock = recipe, (0.0, 0)
        self._loop = Loop(materials, recipe, state, progress, report)

    def begin(self, told: Mapping[str, Any]) -> None:
        """Write what says what the run is, before its first step.

        Args:
            told: entries of the file of settings beside the settings: data and keys of labels.
        """
        name = self._materials.settings.start_from or "random parameters"
        start = self._materials.start or {}
        provenance = collect_provenance(
            command_line=self._command_line,
            weights_name=name,
            weights_sha256=str(start.get("sha256", "")),
            device=jax.devices()[0].device_kind,
        )
        self._folder.write_marker(provenance | {"data": self._data})
        self._folder.write_config({**told, **self._materials.settings.as_dict()})

    @with_x64
    def run(self, stop: Callable[[], bool]) -> Outcome:
        """Train to the end, or until a stop is asked for.

        Args:
            stop: returns whether to end early.

        Raises:
            TrainingError: too many structures are not usable; the last good state is kept.
            RunDirectoryError: the disk is full; files before are whole.
        """
        loop, reason = self._loop, ""
        kept_at = time.monotonic()
        minutes = self._materials.settings.checkpoint_minutes
        self._clock = (time.monotonic(), int(loop.state.step))
        try:
            for event in loop.events(stop):
                if event.row is not None:
                    self._folder.table("losses").add(event.row)
                    self._tell(event.row)
                if event.validation is not None:
                    self._validated(event.validation)
                late = time.monotonic() - kept_at > 60 * minutes
                if event.validation is not None or event.done or late:
                    self._keep()
                    kept_at = time.monotonic()
                reason = event.reason
        except Exception:
            # Whatever ended the run: the state is that of its last whole step, and is kept.
            self._keep()
            raise
        return Outcome(int(loop.state.step), self._materials.steps, loop.progress.best, reason)

    def _tell(self, row: Mapping[str, float]) -> None:
        """Report a row, with the speed since the last one."""
        began, first = self._clock
        self._clock = (time.monotonic(), int(row["step"]))
        speed = (row["step"] - first) / max(self._clock[0] - began, 1e-9)
        left = (self._materials.steps - row["step"]) / max(speed, 1e-9) / 60
        self._report(
            f"Step {row['step']} of {self._materials.steps}: loss {row['loss']:.5g}, "
            f"{speed:.3g} steps/s, {left:.1f} minutes left"
        )

    def _validated(self, found: Validation) -> None:
        """Write rows, errors, weights and curves of a validation."""
        step = int(self._loop.state.step)
        told = found.errors.json()
        row: dict[str, float] = {"step": step, "loss": found.loss}
        for name, errors in told["labels"].items():
            row |= {f"{name}_mae": errors["mae"], f"{name}_rmse": errors["rmse"]}
        self._folder.table("validation").add(row)
        whole = {"step": step, "loss": found.loss, "terms": found.terms, **told}
        path = self._folder.errors
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        both = {"last": whole, "best": whole if found.better else before.get("best", whole)}
        write_atomically(path, json.dumps(both, indent=2, ensure_ascii=False) + "\n")
        self._write_weights("last", whole)
        if found.better:
            self._write_weights("best", whole)
        errors = ", ".join(
            f"{name} {one['mae']:.4g} {told['units'][name]}".rstrip()
            for name, one in told["labels"].items()
        )
        best = " (best)" if found.better else ""
        self._report(f"Validation at step {step}: loss {found.loss:.5g}{best}; MAE {errors}")
        self._draw()

    def _write_weights(self, name: str, errors: Mapping[str, Any]) -> None:
        """Write weights with their card."""
        materials = self._materials
        settings = materials.settings
        force_field = self._recipe.force_field(self._loop.judged)
        source = {"kind": "training", "started_from": settings.start_from or "random parameters"}
        if materials.start is not None:
            source["started_from_sha256"] = materials.start["sha256"]
        training = {
            "step": int(self._loop.state.step),
            "averaged": self._loop.state.average is not None,
            "recipe": settings.as_dict(),
            "data": {
                "files": {Path(file).name: digest for file, digest in self._data.items()},
                "training_structures": len(materials.train),
                "validation_structures": len(materials.valid),
                "elements": _elements(materials),
            },
            "errors": dict(errors),
        }
        if materials.references:
            training["energy_references_ev"] = materials.references
        licence = None if materials.start is None else materials.start.get("licence")
        card = new_card(source, licence) | {"training": training}
        h = force_field.network.hyperparameters
        write_weights(WeightSet(name, h, weights_of(force_field), card), self._folder.path)

    def _keep(self) -> None:
        """Keep the whole state, atomically."""
        loop = self._loop
        record = {
            "settings": self._materials.settings.as_dict(),
            **loop.progress.record(),
        }
        step = int(loop.state.step)
        save_checkpoint(self._folder.states, step, arrays_of(loop.state), record, KEPT_STATES)

    def _draw(self) -> None:
        """Draw the loss curves."""
        lines = []
        for name, label in (("losses", "training"), ("validation", "validation")):
            rows = self._folder.table(name).rows()
            if rows:
                x, y = (np.array([row[key] for row in rows]) for key in ("step", "loss"))
                look = "line" if name == "losses" else "points"
                lines.append(Line(x, y, label=label, look=look))
        best = Mark(self._loop.progress.best_step, "best")
        picture = Curves(
            "losses", "Loss", "step", "loss", tuple(lines), marks=(best,), logarithmic="y"
        )
        save_figure(draw(picture), self._folder.curves)


def _restored(kept: Checkpoint, like: Any) -> tuple[Any, Progress]:
    try:
        progress = Progress.of_record(kept.record)
    except (KeyError, TypeError, ValueError) as error:
        raise RunDirectoryError(
            f"{kept.path}: not a state of a training run", got=error, remedy="Begin a new run"
        ) from error
    return state_of(kept.arrays, like), progress


def _elements(materials: Materials) -> list[str]:
    from sundog.elements import symbol

    numbers = {
        int(part.split(":")[0])
        for text in np.unique(materials.found.formulas[materials.train])
        for part in str(text).split()
    }
    return [symbol(number) for number in sorted(numbers - {0})]
