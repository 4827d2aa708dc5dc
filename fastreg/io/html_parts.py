"""Small pieces of a page: whatever comes from the data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from importlib.resources import files


def text(value: object) -> str:
    """Return text as it may stand in a page, also within quotes."""
    return html.escape(str(value), quote=True)


def paragraph(*sentences: str, kind: str = "") -> str:
    """Return a paragraph of text."""
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}>{text(' '.join(sentences))}</p>"


def section(name: str, heading: str, *parts: str) -> str:
    """Return a section with a heading; `name` is for links."""
    inside = "\n".join(part for part in parts if part)
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{text(heading)}</h2>\n{inside}\n'
        "</section>"
    )


def bullets(items: Iterable[str]) -> str:
    """Return a list; nothing of no items."""
    inside = "".join(f"<li>{text(item)}</li>" for item in items)
    return f"<ul>{inside}</ul>" if inside else ""


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names and what is said of each."""
    inside = "".join(f"<dt>{text(name)}</dt><dd>{text(words)}</dd>" for name, words in pairs)
    return f"<dl>{inside}</dl>"


def code(lines: str) -> str:
    """Return lines to be copied."""
    return scrolling("to copy", f"<pre><code>{text(lines)}</code></pre>")


def scrolling(label: str, inside: str, kind: str = "") -> str:
    """Return a box that scrolls where it is too narrow for what is inside."""
    kind = f"scroll {kind}".strip()
    return (
        f'<div class="{kind}" role="region" tabindex="0" aria-label="{text(label)}">'
        f"{inside}</div>"
    )


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    name: str = "",
    kind: str = "",
    marked: int | None = None,
) -> str:
    """Return a table whose rows begin with a name, and which scrolls within its own box.

    Parameters
    ----------
    caption : str
    columns : sequence of str
    rows : iterable of sequence of str
        The first cell of each is what the row is about.
    name : str
        For scripts and links.
    kind : str
        Of the box, for the style.
    marked : int or None
        Number of a row to stand out.
    """
    mark = ' class="marked"'
    head = "".join(f'<th scope="col">{text(column)}</th>' for column in columns)
    body = "\n".join(
        f"<tr{mark if i == marked else ''}>{_cells(row)}</tr>"
        for i, row in enumerate(rows)
    )
    own = f' id="{name}"' if name else ""
    return scrolling(
        caption,
        f"<table{own}><caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table>",
        kind,
    )


def _cells(row: Sequence[str]) -> str:
    first, *others = row
    return f'<th scope="row">{text(first)}</th>' + "".join(f"<td>{text(c)}</td>" for c in others)


def figure(name: str, heading: str, svg: str | None, words: str) -> str:
    """Return a picture under a heading, with what is seen in it."""
    title = f'<h3 id="{name}-heading">{text(heading)}</h3>'
    if svg is None:
        return f"{title}{paragraph(words)}"
    box = scrolling(f"picture: {heading}", svg, "picture")
    return f"{title}<figure>{box}<figcaption>{text(words)}</figcaption></figure>"


def resource(name: str) -> str:
    """Return a file of this package: the style and the script of the page."""
    return files("fastreg.io").joinpath(name).read_text(encoding="utf-8")
