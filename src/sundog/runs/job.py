"""`Job`: all settings of a run, by names that are unique over all of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.names import ElectrostaticsName
from sundog.runs.settings import HOMES, SimulationSettings
from sundog.runs.unused import refuse_changed, unread


@dataclass(frozen=True)
class Job:
    """Settings of a run, its force field and its electrons.

    Attributes:
        settings: settings of the simulation.
        model: choice of the force field.
        electrons: charge and multiplicity.
    """

    settings: SimulationSettings = field(default_factory=SimulationSettings)
    model: ModelOptions = field(default_factory=ModelOptions)
    electrons: ElectronOptions = field(default_factory=ElectronOptions)

    def __post_init__(self):
        """Refuse what contradicts `paper`, and what is set and not read.

        Raises:
            InputError: multiple time steps are not published; or a setting that changes nothing
                together with the others has another value than its default.
        """
        if self.model.paper and self.settings.long_range_every != 1:
            raise InputError(
                "long_range_every: paper=True evaluates everything in every step",
                got=self.settings.long_range_every,
                expected="1",
                remedy="Leave one of them out",
            )
        refuse_changed(self.unread(), self.settings.flat() | asdict(self.model))

    def unread(self, electrostatics: ElectrostaticsName | None = None) -> dict[str, str]:
        """Return the names of the settings that change nothing, each with what alone reads it.

        Args:
            electrostatics: treatment that was chosen where the job leaves it open.
        """
        chosen = electrostatics or self.model.electrostatics
        return unread(self.settings, replace(self.model, electrostatics=chosen))

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return the job of settings by name, as `config.yaml` and `sundog.simulate` have them.

        Raises:
            InputError: a name that no setting has, or a value that is not acceptable.
        """
        own: dict[str, dict[str, Any]] = {"settings": {}, "model": {}, "electrons": {}}
        for name, value in told.items():
            if name not in SETTINGS:
                close = get_close_matches(name, SETTINGS, 1)
                raise InputError(
                    f"{name}: a run has no such setting",
                    expected="one of the flags of `sundog md`, with underscores",
                    remedy=f"Perhaps {close[0]} is meant" if close else None,
                )
            own[SETTINGS[name]][name] = tuple(value) if isinstance(value, list) else value
        return cls(
            SimulationSettings.of(**own["settings"]),
            ModelOptions(**own["model"]),
            ElectronOptions(**own["electrons"]),
        )

    def resolved(self, **known: Any) -> dict[str, Any]:
        """Return all settings by name, with some that were left open filled in.

        Settings without a value, and those that nothing reads, are left out. `Job.of` takes the
        result.

        Args:
            **known: values that replace or complete those of the job.
        """
        values = self.settings.flat() | asdict(self.model) | asdict(self.electrons) | known
        unheard = self.unread(known.get("electrostatics"))
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in values.items()
            if value is not None and value != () and key not in unheard
        }


SETTINGS: Mapping[str, str] = {
    **dict.fromkeys(HOMES, "settings"),
    **{one.name: "model" for one in fields(ModelOptions)},
    **{one.name: "electrons" for one in fields(ElectronOptions)},
}
"""Part of a job that each setting belongs to, by its name."""
