"""The loop of training: steps, rows of the table of losses, validations, bad batches.

It yields whenever the state may be kept, and begins again from any state that was kept: batches
are a function of seed, epoch and place, and nothing else that a step needs is outside state and
progress.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sundog.errors import TrainingError
from sundog.numerics.precision import x64
from sundog.train.batch import Batch, make_batch, rows_of
from sundog.train.keeping import Progress
from sundog.train.materials import Materials
from sundog.train.optimizer import schedule_of
from sundog.train.order import Planned
from sundog.train.step import Recipe, Told, TrainState, judge_of, step_of
from sundog.train.validation import Errors, MeanLoss

Report = Callable[[str], None]


@dataclass(frozen=True)
class Validation:
    """Outcome of a validation.

    Attributes:
        loss: loss on the structures for validation.
        terms: its terms, before their weights.
        errors: errors by label, element and group.
        better: whether the loss is the lowest so far.
    """

    loss: float
    terms: dict[str, float]
    errors: Errors
    better: bool


@dataclass(frozen=True)
class Event:
    """Doings of the loop since the last event.

    Attributes:
        row: values of a row of the table of losses, by column, or None.
        validation: outcome of a validation, or None.
        done: whether the run has come to its end.
        reason: why it ends before its last step, empty where it does not.
    """

    row: dict[str, float] | None = None
    validation: Validation | None = None
    done: bool = False
    reason: str = ""


class Loop:
    """Training from one state to the next.

    Attributes:
        state: arrays of the run.
        progress: everything else of it.
    """

    def __init__(
        self,
        materials: Materials,
        recipe: Recipe,
        state: TrainState,
        progress: Progress,
        report: Report,
    ):
        """Begin or go on.

        Args:
            materials: data, plan and settings.
            recipe: parts that steps need.
            state: arrays of the run.
            progress: everything else.
            report: called with a line about each structure that is left out.
        """
        self.state, self.progress = state, progress
        self._materials, self._recipe, self._report = materials, recipe, report
        self._step, self._judge = step_of(recipe), judge_of(recipe)
        self._settings = materials.settings
        self._quantities = tuple(self._settings.loss.weights)
        self._rate = schedule_of(self._settings.optimizer, materials.steps)
        self._epochs: dict[int, list[Planned]] = {}
        self._maker = ThreadPoolExecutor(1)
        self._ahead: tuple[Any, Future] | None = None

    @property
    def judged(self) -> Any:
        """Parameters that are validated: the average where there is one."""
        average = self.state.average
        return self.state.parameters if average is None else average

    def events(self, stop: Callable[[], bool]) -> Iterator[Event]:
        """Yield after every step what there is to write; the state is whole then.

        Args:
            stop: returns whether to end early.

        Raises:
            TrainingError: more structures than allowed spoil their batches.
        """
        steps, settings = self._materials.steps, self._settings
        while int(self.state.step) < steps:
            if stop():
                yield Event(done=True, reason="stopped")
                return
            self._make_step()
            step = int(self.state.step)
            last = step >= steps
            row = self._row() if step % settings.log_every == 0 or last else None
            due = step % settings.validate_every == 0 or last
            validation = self.validate() if due else None
            waited = settings.patience is not None and self.progress.waited >= settings.patience
            reason = f"no improvement in {settings.patience} validations" if waited else ""
            yield Event(row, validation, last or waited, reason)
            if waited:
                return

    def validate(self) -> Validation:
        """Return the errors on the structures for validation, and keep the lowest loss in mind."""
        materials = self._materials
        errors, mean = Errors(), MeanLoss(self._settings.loss.weights)
        for planned in materials.checks.epoch(0):
            gathered = materials.records.gather(planned.members, self._quantities)
            batch = make_batch(gathered, planned.shape, materials.cutoffs, self._quantities)
            members = [materials.records[n] for n in planned.members.tolist()]
            found, terms = jax.device_get(self._judge(self.judged, batch))
            errors.add(found, batch, members, rows_of(gathered.counts, planned.shape))
            mean.add(terms, batch)
        errors = errors.finished()
        terms = mean.terms
        if "energy" in terms and self._recipe.by_composition:
            # Over the whole set, of which a batch holds few structures of one composition.
            terms["energy"] = errors.labels["energy"].json()["rmse"] ** 2
        loss = sum(self._settings.loss.weights[name] * term for name, term in terms.items())
        progress = self.progress
        # A loss that is not finite is never the best.
        better = bool(np.isfinite(loss)) and (progress.best is None or loss < progress.best)
        if better:
            progress.best, progress.best_step, progress.waited = loss, int(self.state.step), 0
        else:
            progress.waited += 1
        return Validation(loss, terms, errors, better)

    def _make_step(self) -> None:
        """Make one step; batches that hold what spoils them are made again without it."""
        while True:
            planned, after = self._next((self.progress.epoch, self.progress.batch))
            members = [self._members(one) for one in planned]
            if not any(members):
                self.progress.epoch, self.progress.batch = after
                continue
            kept = [(m, p) for m, p in zip(members, planned, strict=True) if m]
            batches = self._made([(m, p.shape) for m, p in kept])
            state, told = self._step(self.state, batches)
            self._prefetch(after)
            if bool(told.usable):
                break
            self._leave_out(told, kept, batches)
        self.state = state
        self.progress.epoch, self.progress.batch = after
        self._sum(told, sum(len(m) for m, _ in kept))

    def _next(self, after: tuple[int, int]) -> tuple[list[Planned], tuple[int, int]]:
        """Return the batches of the step after a place (epoch and batch), and the next place."""
        epoch, place = after
        planned = []
        for _ in range(self._settings.optimizer.accumulate):
            batches = self._epoch(epoch)
            if place == len(batches):
                epoch, place = epoch + 1, 0
                batches = self._epoch(epoch)
            planned.append(batches[place])
            place += 1
        return planned, (epoch, place)

    def _epoch(self, number: int) -> list[Planned]:
        if number not in self._epochs:
            self._epochs = {k: v for k, v in self._epochs.items() if k >= number - 1}
            self._epochs[number] = self._materials.plan.epoch(number)
        return self._epochs[number]

    def _members(self, planned: Planned) -> list[int]:
        return [n for n in planned.members.tolist() if n not in self.progress.bad]

    def _made(self, wanted: list[tuple[list[int], Any]]) -> list[Batch]:
        """Return batches, which were made during the last step where it could be known."""
        key = repr(wanted)
        if self._ahead is not None and self._ahead[0] == key:
            made = self._ahead[1].result()
        else:
            made = self._make(wanted)
        self._ahead = None
        return made

    def _make(self, wanted: list[tuple[list[int], Any]]) -> list[Batch]:
        materials = self._materials
        with x64():  # a mode of the thread
            return [
                make_batch(
                    materials.records.gather(np.array(members), self._quantities),
                    shape,
                    materials.cutoffs,
                    self._quantities,
                )
                for members, shape in wanted
            ]

    def _prefetch(self, after: tuple[int, int]) -> None:
        """Make the batches of the step after a place while the device computes this one."""
        planned, _ = self._next(after)
        wanted = [(m, p.shape) for p in planned if (m := self._members(p))]
        self._ahead = (repr(wanted), self._maker.submit(self._make, wanted))

    def _leave_out(
        self, told: Told, kept: list[tuple[list[int], Planned]], batches: list[Batch]
    ) -> None:
        """Name the structures of a step whose numbers are not finite, and leave them out.

        Raises:
            TrainingError: there are more than allowed.
        """
        found = []
        for row, (members, _) in enumerate(kept):
            spoilt = ~np.isfinite(np.asarray(told.of_structures[row]))[: len(members)]
            found += [members[k] for k in np.flatnonzero(spoilt)]
        if not found:
            # Only the gradient is not finite: each structure is tried alone.
            found = [n for members, planned in kept for n in members if self._spoils(n, planned)]
        step = int(self.state.step)
        if not found:
            raise TrainingError(
                f"training: the loss of step {step} is not finite, though that of every structure "
                "by itself is",
                remedy="Lower learning_rate, and resume from the state that was kept",
            )
        for number in found:
            name = self._materials.records[number].name
            self.progress.bad[number] = f"not finite in step {step}"
            self._report(f"Left out: {name}: its loss is not finite in step {step}")
        most = self._settings.data.most_bad_frames
        if len(self.progress.bad) > most:
            raise TrainingError(
                f"training: the loss of more than {most} structures is not finite",
                got=f"step {step}",
                remedy="The parameters have diverged: lower learning_rate or clip_norm, and start "
                "from the best weights; or mend these structures",
            )

    def _spoils(self, number: int, planned: Planned) -> bool:
        (batch,) = self._make([([number], planned.shape)])
        return not bool(self._step(self.state, [batch])[1].usable)

    def _sum(self, told: Told, structures: int) -> None:
        """Add a step to the sums of the next row."""
        progress = self.progress
        for name, value in {"loss": told.loss, **told.terms, "norm": told.norm}.items():
            progress.summed[name] = progress.summed.get(name, 0.0) + float(value)
        progress.counted += 1
        progress.structures += structures

    def _row(self) -> dict[str, float]:
        """Return the means since the last row, and begin new sums."""
        progress, step = self.progress, int(self.state.step)
        means = {name: one / progress.counted for name, one in progress.summed.items()}
        progress.summed, progress.counted = {}, 0
        rate = float(self._rate(jnp.asarray(step - 1)))
        place = {"step": step, "epoch": progress.epoch, "structures": progress.structures}
        return {**place, **means, "learning_rate": rate}
