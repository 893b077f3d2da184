"""The skeleton of every page: one file that contains all it shows and asks no network.

A page is a template of jinja2 with autoescape. What a file or a user has named reaches it as text
or as JSON, in which nothing can end the element that holds it; scripts and styles are sundog's and
the vendored ones alone, each allowed by its hash in the page's content security policy.
"""

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sundog import __version__
from sundog.text import printable

ASSETS = Path(__file__).parent / "assets"
"""Folder of templates, styles and scripts."""

VIEWER, CHARTS = "vendor/3dmol/3Dmol-min.js", "vendor/uplot/uPlot.iife.min.js"
"""Scripts of others, which `assets/vendor/README.md` tells of."""

Json = Any
"""Value of JSON, or of NumPy, in which NaN becomes null."""


def render(
    template: str,
    *,
    scripts: Sequence[str] = (),
    data: Mapping[str, Json] | None = None,
    **values: object,
) -> str:
    """Return a page.

    Args:
        template: name of the template in `ASSETS`.
        scripts: names of scripts in `ASSETS`, in the order in which they run.
        data: values that scripts read, by the name of the element that holds them.
        values: values of the template.
    """
    style = "\n".join(_asset(name) for name in ("style.css", "vendor/uplot/uPlot.min.css"))
    codes = [_asset(name) for name in scripts]
    page = _environment().get_template(template)
    return page.render(
        values
        | {
            "version": __version__,
            "policy": _policy(style, codes),
            "style": Markup(style),
            "codes": [Markup(code) for code in codes],
            "embedded": [(name, _json(value)) for name, value in (data or {}).items()],
        }
    )


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """Return what an expression of a template shows: text without characters that command."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _json(value: Json) -> Markup:
    """Return JSON in which no character begins a tag, an entity or a line of a script."""
    text = json.dumps(plain(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def plain(value: Json) -> Json:
    """Return a value as JSON takes it: lists for arrays, null for what is not finite."""
    match value:
        case str():
            return printable(value)
        case bool() | None | int():
            return value
        case float() | np.floating():
            return float(f"{float(value):.7g}") if math.isfinite(value) else None
        case np.integer() | np.bool_():
            return value.item()
        case np.ndarray():
            return [plain(one) for one in value.tolist()]
        case Mapping():
            return {printable(str(key)): plain(one) for key, one in value.items()}
        case _:
            return [plain(one) for one in value]


@cache
def _asset(name: str) -> str:
    """Return a style or script as it stands in its element, which no part of it may end."""
    text = (ASSETS / name).read_text(encoding="utf-8").replace("\r\n", "\n").strip()
    lower = text.lower()
    assert not any(end in lower for end in ("</script", "</style", "<!--")), name
    return text


def _policy(style: str, codes: Sequence[str]) -> str:
    hashes = " ".join(_hash(code) for code in codes) or "'none'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {hashes}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
