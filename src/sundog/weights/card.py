"""Card of a weight set: its source, licence and citation."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sundog.weights.published import CITATION


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
