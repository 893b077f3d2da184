"""Data of benchmarks that are fetched from a public host, here one of the test's own."""

import hashlib
import re
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sundog.cli.app import run
from sundog.errors import FileFormatError, MissingDataError
from sundog.evaluate.benchmarks import sapt10k
from sundog.evaluate.benchmarks.card import PublicFile
from sundog.evaluate.benchmarks.files import download
from sundog.evaluate.benchmarks.names import BENCHMARKS
from sundog.evaluate.benchmarks.run import benchmark

DATA = b"the data"
SHA256 = hashlib.sha256(DATA).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    """Writes down what was asked for, and says nothing."""

    asked: list[str]

    def log_message(self, *_):
        self.asked.append(self.path)


@pytest.fixture
def host(tmp_path):
    """Serve a folder with one file; yields its address and what was asked for."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "set.zip").write_bytes(DATA)
    Quiet.asked = []
    handler = partial(Quiet, directory=tmp_path / "host")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", Quiet.asked
        server.shutdown()


def card(address, sha256=SHA256):
    file = PublicFile("set.zip", f"{address}set.zip", sha256)
    return replace(sapt10k.CARD, downloads=(file,))


def test_what_is_lacking_is_fetched_once(host, tmp_path):
    address, asked = host
    said = []
    for _ in range(2):
        download(card(address), tmp_path / "data", said.append)
    assert (tmp_path / "data" / "set.zip").read_bytes() == DATA
    assert len(asked) == len(said) == 1
    assert address in said[0]


def test_a_file_of_the_users_stays_as_it_is(host, tmp_path):
    (tmp_path / "set.zip").write_bytes(b"another version")
    download(card(host[0]), tmp_path, print)
    assert (tmp_path / "set.zip").read_bytes() == b"another version"
    assert not host[1]


def test_data_that_are_unpacked_already_are_not_fetched(host, tmp_path):
    known = card(host[0])
    (file,) = known.downloads
    known = replace(known, downloads=(replace(file, unpacked=("set",)),))
    (tmp_path / "set").mkdir()
    download(known, tmp_path, print)
    assert not host[1]


def test_another_file_than_was_published_is_not_kept(host, tmp_path):
    with pytest.raises(FileFormatError, match="not the file that was published"):
        download(card(host[0], "0" * 64), tmp_path / "data", print)
    assert not list((tmp_path / "data").iterdir())


def test_hosts_and_disks_that_fail_are_told_with_the_way_by_hand(host, tmp_path):
    with pytest.raises(MissingDataError, match=r"404.*into data_dir"):
        download(card(host[0] + "nowhere/"), tmp_path / "data", print)
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingDataError, match="could not be downloaded"):
        download(card(host[0]), tmp_path / "file", print)


def test_the_command_fetches_into_the_cache_and_reads_from_there(
    host, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("SUNDOG_CACHE_DIR", str(tmp_path / "cache"))
    file = PublicFile("sapt10k.zip", f"{host[0]}set.zip", SHA256)
    monkeypatch.setattr(sapt10k, "CARD", replace(sapt10k.CARD, downloads=(file,)))
    assert run(["evaluate", "--benchmark", "sapt10k"]) == 2
    assert "--download" in capsys.readouterr().err
    assert not host[1]
    # What comes is no archive, which is noticed where it is read: so it was.
    assert run(["evaluate", "--benchmark", "sapt10k", "--download"]) == 2
    place = tmp_path / "cache" / "benchmarks" / "sapt10k.zip"
    assert str(place) in capsys.readouterr().err
    assert place.read_bytes() == DATA


@pytest.mark.parametrize("name", BENCHMARKS)
def test_published_files_cannot_change(name):
    for file in benchmark(name).CARD.downloads:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        # A commit, not a branch.
        assert re.match(r"https://.*/[0-9a-f]{40}/", file.url)
        assert file.url.endswith(file.name)
