"""Figures of matplotlib as SVG within a page.

What matplotlib writes is built anew of the elements and attributes named here, and of no others:
styles become attributes, as the page's policy allows no other way, names of elements get a prefix,
so that two figures of a page do not share them, and ink takes the colour of the page's text.
"""

import io
import re
from xml.etree import ElementTree

from markupsafe import Markup

from sundog.plots.pictures import Picture
from sundog.plots.style import INK

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
"""Namespaces of SVG and of its links."""

ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "defs",
        "path",
        "use",
        "text",
        "tspan",
        "image",
        "clipPath",
        "rect",
        "circle",
        "line",
        "polygon",
        "polyline",
    ]
)
"""Elements that are kept."""

ATTRIBUTES = frozenset(
    [
        "viewBox",
        "d",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "width",
        "height",
        "points",
        "transform",
        "id",
        "clip-path",
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-linejoin",
        "stroke-linecap",
        "stroke-dasharray",
        "stroke-dashoffset",
        "opacity",
        "text-anchor",
        "font-size",
        "font-weight",
        "font-style",
        "preserveAspectRatio",
    ]
)
"""Attributes that are kept, of elements or of their styles."""

REFERENCE = re.compile(r"url\(#([\w-]+)\)")
"""Reference to a named element."""

FONT_SIZE = re.compile(r"([\d.]+)px")
"""Size of type in the shorthand `font`."""


def drawing(picture: Picture, prefix: str) -> Markup:
    """Return a picture as an element of SVG.

    Args:
        picture: picture, drawn without its title.
        prefix: beginning of the names of its elements, unique on the page.
    """
    import matplotlib

    from sundog.plots.drawing import draw

    settings = {
        "svg.hashsalt": "sundog",
        "svg.fonttype": "none",
        "text.parse_math": False,  # names may have dollars
    }
    with matplotlib.rc_context(settings):  # pyright: ignore[reportArgumentType]
        figure = draw(picture)
        figure.suptitle("")
        figure.patch.set_visible(False)
        for axes in figure.axes:
            axes.patch.set_visible(False)
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(content.getvalue())
    made = _kept(root, prefix)
    assert made is not None
    for size in ("width", "height"):
        made.attrib.pop(size, None)
    made.set("aria-hidden", "true")
    made.set("focusable", "false")
    ElementTree.register_namespace("", SVG)
    text = ElementTree.tostring(made, encoding="unicode")
    return Markup(text)


def _kept(element: ElementTree.Element, prefix: str) -> ElementTree.Element | None:
    if not isinstance(element.tag, str):
        return None
    space, _, name = element.tag.rpartition("}")
    if space != f"{{{SVG}" or name not in ELEMENTS:
        return None
    made = ElementTree.Element(f"{{{SVG}}}{name}")
    made.text, made.tail = element.text, element.tail
    for key, value in _attributes(element):
        if key in ATTRIBUTES:
            made.set(key, _value(key, value, prefix))
    link = element.get(f"{{{LINK}}}href", "")
    if name == "use" and link.startswith("#"):
        made.set("href", f"#{prefix}-{link[1:]}")
    if name == "image" and link.startswith("data:image/png;base64,"):
        made.set("href", link)
    for child in element:
        kept = _kept(child, prefix)
        if kept is not None:
            made.append(kept)
    return made


def _attributes(element: ElementTree.Element) -> list[tuple[str, str]]:
    """Return the attributes of an element, those of its style among them."""
    found = [(key, value) for key, value in element.attrib.items() if key != "style"]
    for part in element.get("style", "").split(";"):
        key, _, value = (one.strip() for one in part.partition(":"))
        if key == "font":
            size = FONT_SIZE.search(value)
            found += [("font-size", size[1])] if size else []
            found += [("font-weight", "700")] if "bold" in value or "700" in value else []
        elif key == "font-size":
            found.append((key, value.removesuffix("px")))
        elif key:
            found.append((key, value))
    return found


def _value(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return f"{prefix}-{value}"
    if key in ("fill", "stroke") and value.lower() in (INK, "#000000", "#262626"):
        return "currentColor"
    return REFERENCE.sub(rf"url(#{prefix}-\1)", value)
