"""The card of a weight set: where it came from, who holds the rights, what to cite."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sundog.weights.published import CITATION


def new_card(source: dict, licence: dict | None, assumed: Sequence[str] = ()) -> dict:
    """Return what there is to say about weights that come from elsewhere now.

    Args:
        source: `kind`, the `file` and its `sha256`, and what else tells where it is from.
        licence: its `name` and `text`; None if the source does not tell.
        assumed: hyperparameters that the source does not tell either, and that were taken to be
            those of the published model.
    """
    return {
        "source": source,
        "licence": licence,
        "assumed_hyperparameters": list(assumed),
        "citation": CITATION,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
