"""Headless Chromium for tests of pages, driven through a pipe by its DevTools protocol.

No package is needed: messages are JSON that ends with a zero byte, written to descriptor 3 of the
browser and read from its descriptor 4.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names of the program."""

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--use-gl=angle",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-sync",
    "--hide-scrollbars",
    "--disable-component-update", "--disable-dev-shm-usage", "--mute-audio",
    "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""Flags: no window, drawing in software, no network but this machine."""


def chromium() -> str | None:
    """Return the path of the program, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """Page in a browser.

    Attributes:
        complaints: errors of scripts, of the console and of the security policy.
        requests: addresses that were asked for, but those of files and of data.
    """

    def __init__(self, write: int, read: int):
        """Open an empty page."""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._write, self._read, self._rest, self._number = write, read, b"", 0
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def resize(self, width: int, height: int, dark: bool = False, phone: bool = False) -> None:
        """Set the size of the window in CSS pixels, and the theme."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=phone,
        )  # fmt: skip
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="screen", features=[theme])

    def open(self, path: Path | str) -> None:
        """Open a file or an address, and wait until it is loaded."""
        url = path if isinstance(path, str) else path.resolve().as_uri()
        self._call("Page.navigate", url=url)
        # The first page, an empty one, may report that it is loaded after this.
        there = f"location.href === {json.dumps(url)} && document.readyState === 'complete'"
        self.wait(there, 300)

    def run(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript; promises are waited for."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60.0) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < end, f"not true in {seconds} s: {expression}"
            time.sleep(0.1)

    def press(self, key: str, code: int = 0, text: str = "") -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key,
                windowsVirtualKeyCode=code, text=text if kind == "keyDown" else "",
            )  # fmt: skip

    def picture(self, path: Path, whole: bool = False) -> None:
        """Write what is seen, or the whole page, as PNG."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + 120
        while time.monotonic() < end:
            answer = self._message(1.0)
            if answer is not None and answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
        raise TimeoutError(method)

    def _message(self, seconds: float) -> dict[str, Any] | None:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], seconds)[0]:
                return None
            part = os.read(self._read, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self._rest += part
        first, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(first)
        self._notice(message.get("method", ""), message.get("params", {}))
        return message

    def _notice(self, method: str, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"])[:600])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(json.dumps(params["args"])[:600])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"][:600])
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "about:", "blob:")):
                self.requests.append(url)


@contextmanager
def browser() -> Iterator[Page]:
    """Yield a page of a browser of its own, which ends with the block."""
    program = chromium()
    assert program is not None
    read_by_it, write = os.pipe()
    read, written_by_it = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:

        def place() -> None:
            # Both go out of the way first, as either may be where the other goes.
            high = [os.dup2(read_by_it, 30), os.dup2(written_by_it, 31)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        with warnings.catch_warnings():
            # JAX warns of forks; what is forked here becomes the browser at once.
            warnings.simplefilter("ignore", RuntimeWarning)
            process = subprocess.Popen(
                [program, *FLAGS, f"--user-data-dir={folder}"],
                preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        os.close(read_by_it)
        os.close(written_by_it)
        try:
            yield Page(write, read)
        finally:
            process.kill()
            process.wait()
            os.close(write)
            os.close(read)
