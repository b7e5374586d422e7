"""What `verify` looks at, and what it found."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`SKIPPED` is for what nobody asked for, or what cannot be said."""

    OK = "ok"
    FAILED = "FAIL"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; `text` says what was seen, or what is wrong."""

    check: str
    outcome: Outcome
    text: str


def ok(check: str, text: str) -> Finding:
    """It holds."""
    return Finding(check=check, outcome=Outcome.OK, text=text)


def failed(check: str, text: str) -> Finding:
    """It does not hold."""
    return Finding(check=check, outcome=Outcome.FAILED, text=text)


def skipped(check: str, text: str) -> Finding:
    """It was not looked at."""
    return Finding(check=check, outcome=Outcome.SKIPPED, text=text)


def judged(check: str, problems: list[str], text: str) -> Finding:
    """`ok` with a text where there are no problems."""
    return failed(check, "; ".join(problems)) if problems else ok(check, text)
