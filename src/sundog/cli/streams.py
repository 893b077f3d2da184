"""Streams that can say everything: what a terminal cannot show is written in other letters."""

import codecs
import os
import sys
from io import TextIOWrapper

PLAIN = {
    "Å": "A",
    "µ": "u",
    "μ": "u",
    "²": "2",
    "³": "3",
    "°": "deg",
    "±": "+-",
    "×": "x",
    "·": ".",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "σ": "sigma",
    "τ": "tau",
    "γ": "gamma",
    "ρ": "rho",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
}
"""Letters of messages that an encoding may lack, in letters that every one has."""

HANDLER = "sundog.plain"
"""Name of the handler of letters that an encoding lacks."""


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(PLAIN.get(letter, "?") for letter in wrong), error.end


def open_streams() -> None:
    """Have stdout and stderr take every message, whatever their encoding, also if closed.

    A stream that the process was started without is replaced by one that says nothing.
    """
    codecs.register_error(HANDLER, _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=HANDLER)
