"""Server of the live page: it answers one address, to this machine, and nothing else."""

import socket
import threading
from http.client import HTTPConnection

import pytest

from sundog.live.server import Answer, LiveServer


@pytest.fixture
def server():
    one = LiveServer(lambda: Answer(b"<p>page</p>", 7))
    threading.Thread(target=one.serve_forever, daemon=True).start()
    yield one
    one.shutdown()
    one.server_close()


def asked(server, path, method="GET", **headers):
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def test_the_page_is_at_its_address_and_kept_nowhere(server):
    assert server.url == f"http://127.0.0.1:{server.server_port}/{server.token}/"
    status, body, headers = asked(server, f"/{server.token}/")
    assert (status, body) == (200, b"<p>page</p>")
    assert headers["Refresh"] == "7"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Python" not in headers["Server"]
    status, body, headers = asked(server, f"/{server.token}/", "HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", "11")


def test_tokens_are_long_and_new():
    tokens = set()
    for _ in range(3):
        with LiveServer(lambda: Answer(b"", 1)) as one:
            tokens.add(one.token)
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 32


@pytest.mark.parametrize(
    "path",
    ["/", "/wrong/", "//", "/{token}", "/{token}/config.yaml", "/{token}/../config.yaml",
     "/{token}//", "/{token}x/", "/../../etc/passwd", "/{token}/%2e%2e/", "/é/"],
)  # fmt: skip
def test_every_other_path_is_refused_without_a_word(server, path):
    told = path.format(token=server.token).encode().decode("latin-1")
    raw = f"GET {told} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode("latin-1")
    answer = sent(server, raw)
    assert answer.startswith(b"HTTP/1.0 404 ")
    assert answer.endswith(b"\r\n\r\n")


def sent(server, raw):
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1]", None]
)
def test_another_host_is_refused(server, host):
    status, body, _ = asked(server, f"/{server.token}/", Host=host)
    assert (status, body) == (403, b"")


@pytest.mark.parametrize("host", ["localhost:9000", "LOCALHOST", "127.0.0.1", "127.0.0.1:1"])
def test_this_machine_may_be_called_so(server, host):
    assert asked(server, f"/{server.token}/", Host=host)[0] == 200


def test_two_hosts_are_none(server):
    raw = f"GET /{server.token}/ HTTP/1.0\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n"
    assert sent(server, raw.encode()).startswith(b"HTTP/1.0 403 ")


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]
)
def test_what_would_write_is_refused(server, method):
    status, body, _ = asked(server, f"/{server.token}/", method)
    assert (status, body) == (405, b"")


@pytest.mark.parametrize("raw", [b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_does_no_harm(server, raw):
    assert server.token.encode() not in sent(server, raw)
    assert asked(server, f"/{server.token}/")[0] == 200


def test_it_listens_on_the_loopback_address_alone(server):
    assert server.server_address[0] == "127.0.0.1"
    # Other addresses of the loopback network are this machine's as well, and are not listened on.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.server_port), timeout=5)


def test_who_says_nothing_holds_nobody_up(server):
    silent = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(20)]
    try:
        assert asked(server, f"/{server.token}/")[0] == 200
    finally:
        for one in silent:
            one.close()
