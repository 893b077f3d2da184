"""`Job`: everything a run was told, as flags, keys of a YAML file, and nothing else."""

from dataclasses import asdict, dataclass
from typing import Any

from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.runs.settings import SimulationSettings


@dataclass(frozen=True)
class Job:
    """What the command line of a run says.

    Attributes:
        settings: of the simulation.
        model: which force field.
        electrons: charge and spin.
    """

    settings: SimulationSettings
    model: ModelOptions
    electrons: ElectronOptions

    def __post_init__(self):
        """Refuse what contradicts `--paper`.

        Raises:
            InputError: multiple time steps are not published.
        """
        if self.model.paper and self.settings.long_range_every != 1:
            raise InputError(
                "long_range_every: paper=True evaluates everything in every step",
                got=self.settings.long_range_every,
                expected="1",
                remedy="Leave one of them out",
            )

    def resolved(self, **known: Any) -> dict[str, Any]:
        """Return all of it by key, with what is known by now in place of what was left open.

        What is left out has no value. `sundog md --config` takes the keys.
        """
        told = self.settings.flat() | asdict(self.model) | asdict(self.electrons)
        told |= known
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in told.items()
            if value is not None and value != ()
        }
