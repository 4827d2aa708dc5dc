"""Tables on the terminal, with rich where it is installed, and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.peers.compare import OURS, Comparison, Row

HEADINGS = (
    "peer",
    "tol",
    "suboptimality",
    "median s",
    "least s",
    "runs",
    "× fastest peer",
    "remarks",
)


def show(found: Comparison) -> None:
    """Print one table a target."""
    for target, rows in found.tables.items():
        n, p = found.shape
        title = (
            f"{found.problem} ({n:,} × {p:,}): suboptimality at most {target:g}, "
            f"P* certified to {found.certified:.0e}. {verdict(rows)}"
        )
        _print(title, [_cells(row, found.x_mb) for row in rows])


def verdict(rows: Sequence[Row]) -> str:
    """Say in a sentence where fastreg stands."""
    ours = next((row for row in rows if row.peer == OURS), None)
    theirs = next((row for row in rows if row.peer != OURS and row.seconds is not None), None)
    if theirs is None:
        return "No peer qualified."
    if ours is None:
        return f"Fastest: {theirs.peer}."
    if ours.share is None:
        return f"Fastest: {theirs.peer}; {OURS} did not qualify."
    return f"{OURS} takes {ours.share:.2f} of the time of {theirs.peer}."


def save(comparisons: Sequence[Comparison], environment: dict[str, Any], path: Path) -> None:
    """Write everything measured."""
    content = {"environment": environment, "problems": [asdict(found) for found in comparisons]}
    path.write_text(json.dumps(content, indent=1, default=str))


def _cells(row: Row, x_mb: float) -> tuple[str, ...]:
    remarks = [row.note] if row.note else []
    if row.grown is not None:
        remarks.append(f"{row.grown:.0f} MB beyond X ({x_mb:.0f} MB)")
    if row.diagnostics is not None:
        remarks.append(row.diagnostics)
    return (
        row.peer,
        _number(row.tol, ".0e"),
        _number(row.worst, ".1e"),
        _number(row.seconds, ".4g"),
        _number(min(row.runs, default=None), ".4g"),
        str(len(row.runs) or ""),
        _number(row.share, ".2f"),
        "; ".join(remarks),
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _print(title: str, rows: Sequence[Sequence[str]]) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        print(f"\n{title}")
        for row in (HEADINGS, *rows):
            print("  ".join(f"{cell:>14s}" for cell in row))
        return
    table = Table(title=title, title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("peer", "remarks") else "right")
    for row in rows:
        table.add_row(*row)
    console = Console()
    console.width = max(console.width, 120)
    console.print(table)
