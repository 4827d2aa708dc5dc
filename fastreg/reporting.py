"""What a long fit says while it runs: a line a batch, or a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastreg.engine import Batch

Report = Callable[[Batch], None]


@contextmanager
def reporting(verbose: bool | int = False, progress: bool = False) -> Iterator[Report | None]:
    """Give the function that the engine calls after every batch, None where nothing is wanted.

    Parameters
    ----------
    verbose : bool or int
        Print a line a batch.
    progress : bool
        Show a bar in the terminal, by rich.

    Raises
    ------
    ImportError
        A bar is wanted and rich is not installed.
    """
    if not progress:
        yield print_batch if verbose else None
        return
    try:
        from rich.progress import Progress
    except ImportError as error:
        raise ImportError("progress=True needs rich: pip install 'fastreg[cli]'") from error
    with Progress(transient=True) as bars:
        bar = bars.add_task("solving", total=None)

        def advance(batch: Batch) -> None:
            if verbose:
                bars.console.print(describe(batch), highlight=False)
            total = bars.tasks[bar].completed + batch.accepted + batch.remaining
            bars.update(bar, total=total, advance=batch.accepted)

        yield advance


def print_batch(batch: Batch) -> None:
    """Print one line on a batch."""
    print(describe(batch), flush=True)


def describe(batch: Batch) -> str:
    """Return one line on a batch."""
    return (
        f"alpha {batch.alpha:.4g}: {batch.accepted} of {batch.tried} alphas accepted, "
        f"{batch.remaining} left; working set {batch.working_set}, {batch.active} active, "
        f"{batch.violations} violations; {batch.sweeps} sweeps, {batch.newton_steps} Newton steps; "
        f"{batch.passes:.2f} passes over X"
    )
