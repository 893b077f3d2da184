"""Card of a weight set: its source, licence and citation."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sundog.weights.published import CITATION, PUBLISHED

HASHED = 2
"""First version of the format whose cards have a hash over arrays and hyperparameters."""


def new_card(source: dict, licence: dict | None, assumed: Sequence[str] = ()) -> dict:
    """Return the card of weights that are imported now.

    Args:
        source: Source of the weights: `kind`, `file`, its `sha256`, and further entries.
        licence: Licence with its `name` and `text`; None if the source states none.
        assumed: Hyperparameters that the source does not state, and that were taken from the
            published model.
    """
    return {
        "source": source,
        "licence": licence,
        "assumed_hyperparameters": list(assumed),
        "citation": CITATION,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def doubt(card: dict) -> str | None:
    """Return a sentence on what a card of an earlier format leaves unproved; None if nothing is.

    Args:
        card: Complete card of weights that were read.
    """
    published = any(card["sha256"] == one.identity for one in PUBLISHED.values())
    if card["format_version"] >= HASHED or published:
        return None
    return (
        f"Warning: the card of the weights `{card['name']}` is of format {card['format_version']} "
        "and has no hash of the hyperparameters, so that a change of theirs would not be noticed; "
        "import the weights again"
    )
