"""One line of the table, and how times and sizes are written."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """`holds` is None where there is no bar, or where it was not measured."""

    what: str
    measured: str
    bar: str
    guide: str = "-"
    holds: bool | None = None


def not_measured(what: str, bar: str, why: str) -> Row:
    return Row(what=what, measured=f"not measured: {why}", bar=bar)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def seconds(action: Callable[[], Result]) -> tuple[Result, float]:
    """What an action returns, and how long it takes by the wall clock."""
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def process(
    command: Sequence[str], *, runs: int, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> float:
    """The median time of a whole process in seconds, after one run that warms the page cache."""

    def once() -> None:
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=folder, timeout=600)

    once()
    return statistics.median(seconds(once)[1] for _ in range(runs))
