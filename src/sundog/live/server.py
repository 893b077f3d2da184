"""Server of one page: on the loopback address, behind a token, read-only.

A request is answered if its host is this machine by name or address (which keeps out pages of
others whose name was pointed here), its method reads, and its path is the token. Everything else
is refused without a word on why. There are no files behind it: no path reaches the disk.
"""

import secrets
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

ADDRESS = "127.0.0.1"
"""Address that is listened on: of this machine, and reached from no other."""

HOSTS = frozenset({"127.0.0.1", "localhost"})
"""Hosts that a request may name; any port may follow, as that of a tunnel."""

TIMEOUT_S = 20.0
"""Time in s after which a connection that says nothing is closed."""

HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
"""Headers of the page: it is kept nowhere, tells its address to nobody, and stands in no frame."""


class Answer(NamedTuple):
    """A page to send.

    Attributes:
        body: HTML.
        again_s: time in s after which the browser shall ask again.
    """

    body: bytes
    again_s: int


class LiveServer(ThreadingHTTPServer):
    """Server of a page.

    Attributes:
        token: path of the page, without its slashes.
    """

    daemon_threads = True

    def __init__(self, answer: Callable[[], Answer]):
        """Listen on a port that the system chooses.

        Args:
            answer: function that returns the page as it is now; it must not take long.
        """
        self.answer = answer
        self.token = secrets.token_urlsafe(24)
        super().__init__((ADDRESS, 0), _Handler)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke."""


class _Handler(BaseHTTPRequestHandler):
    """Answers to the requests of one connection."""

    timeout = TIMEOUT_S
    server_version = "sundog"
    sys_version = ""

    def do_GET(self) -> None:
        """Send the page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send the headers of the page."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if not self._is_local():
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        path = self.path.partition("?")[0].encode(errors="replace")
        assert isinstance(self.server, LiveServer)
        if not compare_digest(path, f"/{self.server.token}/".encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        answer = self.server.answer()
        self.send_response(HTTPStatus.OK)
        for name, value in HEADERS:
            self.send_header(name, value)
        self.send_header("Refresh", str(answer.again_s))
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def _is_local(self) -> bool:
        named = self.headers.get_all("Host", [])
        return len(named) == 1 and named[0].strip().lower().partition(":")[0] in HOSTS

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse another method, or what is no HTTP."""
        unknown = code == HTTPStatus.NOT_IMPLEMENTED
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED if unknown else HTTPStatus(code))
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002, of the library
        """Say nothing: the terminal is the run's."""
