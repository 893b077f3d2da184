"""Findings on runs: what was found, how good that is, and words for numbers in them."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import Estimate

Level = Literal["good", "caution", "bad", "unknown"]
"""Worth of a finding; `unknown` is too short to tell."""

Question = Literal["stable", "equilibrated", "long", "known"]
"""Question that a finding helps to answer."""

WORDS: dict[Level, str] = {
    "good": "Good",
    "caution": "Caution",
    "bad": "Bad",
    "unknown": "Too short to tell",
}
"""Words for levels, for those who do not see the marks."""


class Finding(NamedTuple):
    """Finding on a run.

    Attributes:
        question: question that it helps to answer.
        level: its worth.
        title: result in a few words.
        text: sentence that explains it.
        run: name of the run.
    """

    question: Question
    level: Level
    title: str
    text: str
    run: str = ""

    @property
    def word(self) -> str:
        """Word for the level."""
        return WORDS[self.level]


def said(value: Estimate, digits: int, unit: str = "") -> str:
    """Return a mean with its error bar as a sentence has it.

    Args:
        value: mean, error and effective samples.
        digits: number of digits after the decimal point.
        unit: unit as it is written.
    """
    unit = f" {unit}" if unit else ""
    mean = f"{value.mean:,.{digits}f}".replace("-", "−")
    if not value.is_enough:
        return f"{mean}{unit}, from {value.effective:.1f} independent values"
    return f"{mean} ± {value.error:,.{digits}f}{unit}"


def signed(value: float) -> str:
    """Return a number with three digits and its sign."""
    return f"{value:+.3g}".replace("-", "−")


def quantity_of(results: Mapping[str, Result], observable: str, name: str) -> Quantity | None:
    """Return a quantity of an observable; None where it was not measured.

    Args:
        results: results of a run by observable.
        observable: name of the observable.
        name: name of the quantity.
    """
    result = results.get(observable)
    if result is None:
        return None
    return next((one for one in result.quantities if one.name == name), None)


def plainly(why: str) -> str:
    """Return a reason without the names of columns."""
    for name, words in {
        "potential_energy_ev": "the potential energy",
        "temperature_kelvin": "the temperature",
        "volume_angstrom3": "the volume",
        "pressure_bar": "the pressure",
    }.items():
        why = why.replace(name, words)
    return why
