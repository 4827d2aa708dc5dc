"""Figures as files: the same picture gives the same bytes, and text in SVG stays text."""

from __future__ import annotations

import html
import io
import re
import warnings
from typing import Any

from fastreg.io.extras import require

ENDINGS = ("svg", "png", "pdf")


def as_bytes(figure: Any, ending: str) -> bytes:
    """Return a matplotlib Figure as the content of a file.

    Parameters
    ----------
    figure : matplotlib Figure
    ending : {"svg", "png", "pdf"}
    """
    matplotlib = require("matplotlib", "a picture", extra="plot")
    options = {"svg.fonttype": "none", "svg.hashsalt": "fastreg", "pdf.fonttype": 42}
    no_date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[ending]
    content = io.BytesIO()
    with matplotlib.rc_context(options), warnings.catch_warnings():
        # in SVG the text stays text; elsewhere a box stands for a letter that the font lacks
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(content, format=ending, dpi=200, metadata=no_date)
    return content.getvalue()


def as_svg(figure: Any) -> str:
    """Return a matplotlib Figure as an SVG element, to be put into a page."""
    text = as_bytes(figure, "svg").decode()
    return text[text.index("<svg") :]


def as_inline_svg(figure: Any, name: str, title: str) -> str:
    """Return a matplotlib Figure as an SVG element among others of a page.

    Its ids begin with `name`, it asks for nothing from elsewhere, and its black, greys and white
    are the page's ``--ink``, ``--soft`` and ``--paper``, so that it is legible in the dark.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Letters, digits and hyphens.
    title : str
        What the picture is, for those who do not see it.
    """
    nowhere_needed = r"<!--.*?-->|<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>"
    svg = re.sub(nowhere_needed, "", as_svg(figure), flags=re.DOTALL)
    used = {*re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', svg)}
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'xlink:href="#|url\(#', lambda m: f"{m[0].removeprefix('xlink:')}{name}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = re.sub(rf"((?:fill|stroke): ){colour}(?![0-9a-f])", rf"\1var(--{variable})", svg)
    box = re.search(r'viewBox="[^"]+"', svg)[0]
    head = f'<svg role="img" aria-labelledby="{name}-title" {box}>'
    head += f'<title id="{name}-title">{html.escape(title)}</title>'
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1)


_SOFT = dict.fromkeys(("#595959", "#737373", "#808080"), "soft")
_VARIABLES = {"#000000": "ink", "#ffffff": "paper", **_SOFT}
