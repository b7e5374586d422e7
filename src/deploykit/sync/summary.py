"""What a sync tells a pipeline: lines for later steps, a table for people, and the files to commit."""

import re
from collections.abc import Sequence
from pathlib import Path

from deploykit.errors import UsageError
from deploykit.sync import record
from deploykit.sync.environment import DEFAULT
from deploykit.sync.outcome import Outcome


def outputs(outcomes: Sequence[Outcome]) -> str:
    """`name=value` lines, as GitHub's `$GITHUB_OUTPUT` and GitLab's dotenv reports read them.

    Each environment has its lines under its name, such as `prod_image`; where there is but one, under plain names too.
    `changed` is of all of them.
    """
    lines: list[str] = []
    for outcome in outcomes:
        name = outcome.environment.name
        own = [] if name == DEFAULT else [re.sub(r"\W", "_", name) + "_"]
        values = {
            "image": "" if outcome.after is None else str(outcome.after),
            "digest": "" if outcome.after is None else outcome.after.digest,
            "spark": outcome.spark,
            "changed": _flag(outcome.changed),
        }
        for prefix in (*own, *([""] if len(outcomes) == 1 else [])):
            lines += [f"{prefix}{key}={value}" for key, value in values.items()]
    if len(outcomes) != 1:
        lines.append(f"changed={_flag(any(outcome.changed for outcome in outcomes))}")
    return "".join(f"{line}\n" for line in lines)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A table with a row for each environment, and below it what drifted, what was found out, and what failed."""
    rows = [
        (
            outcome.environment.name,
            _server(outcome),
            outcome.spark,
            _verdict(outcome),
            "" if outcome.after is None else f"`{outcome.after}`",
            did(outcome),
        )
        for outcome in outcomes
    ]
    header = ("environment", "server", "client", "verdict", "image", "done")
    table = [_row(header), _row(["---"] * len(header)), *map(_row, rows)]
    return "\n".join(["### deploykit sync", "", *table, "", *_remarks(outcomes), ""])


def files(outcomes: Sequence[Outcome]) -> str:
    """The files that name the images and are there, one a line, also those that an earlier sync wrote: it may have
    been killed before anybody committed them."""
    lines: list[str] = []
    for outcome in outcomes:
        values = outcome.environment.values
        kept = record.path(values)
        lines += [f"{file.resolve()}\n" for file in (values, kept, record.aside(kept)) if file.is_file()]
    return "".join(lines)


def did(outcome: Outcome) -> str:
    """In a few words, what came of it."""
    if outcome.error is not None:
        return "failed"
    if outcome.changed:
        written = f"written to {outcome.environment.values}"
        return f"built, and {written}" if outcome.built else f"{written}, nothing built"
    if outcome.acts and outcome.checked:
        return "drift: would build" if outcome.after is None else "drift: would write"
    if outcome.acts:
        return "pushed again" if outcome.pushed else "nothing changed"
    return "nothing to do"


def append(path: Path, text: str) -> None:
    """Add to a file of the pipeline; raises `UsageError`."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", why=error.strerror or "") from None


def _server(outcome: Outcome) -> str:
    server = outcome.server
    return "?" if server is None else f"Spark {server.version} ({server.confidence}: {server.where})"


def _verdict(outcome: Outcome) -> str:
    return outcome.verdict or "?"


def _remarks(outcomes: Sequence[Outcome]) -> list[str]:
    lines: list[str] = []
    for outcome in outcomes:
        name = outcome.environment.name
        lines += [
            f"- {name}: **{drift.kind}**: {_text(drift.before)} → {_text(drift.after)} ({drift.policy})"
            for drift in outcome.drift
        ]
        lines += [f"- {name}: {_text(note)}" for note in outcome.notes]
        if outcome.error is not None:
            error = outcome.error
            lines.append(f"- {name}: {_text(' '.join(filter(None, (error.what, error.why, error.fix))))}")
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_text, cells))} |"


def _text(text: str) -> str:
    """On one line, without what would end a cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _flag(value: bool) -> str:
    return str(value).lower()
