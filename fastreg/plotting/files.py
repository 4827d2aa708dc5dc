"""Figures as files: the same picture gives the same bytes, and text in SVG stays text."""

from __future__ import annotations

import io
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
    with matplotlib.rc_context(options):
        figure.savefig(content, format=ending, dpi=200, metadata=no_date)
    return content.getvalue()


def as_svg(figure: Any) -> str:
    """Return a matplotlib Figure as an SVG element, to be put into a page."""
    text = as_bytes(figure, "svg").decode()
    return text[text.index("<svg") :]
