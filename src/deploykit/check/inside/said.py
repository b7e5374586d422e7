"""How a command that was run in a pod ended."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a command ended. `exit_code` is `None` for one that did not end in time, or did not start: see `problem`."""

    out: str = ""
    error: str = ""
    exit_code: int | None = None
    seconds: float = 0.0
    """Since its container ran."""
    problem: str = ""
    """`forbidden`, `not-started`, `silent` or, where the API server does not tell, `unheard`; empty where it ended."""
    reason: str = ""
