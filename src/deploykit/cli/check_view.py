"""A walk as a person reads it, from top to bottom; colour where there is a terminal. A code's long text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploykit.check.codes import Code
from deploykit.check.model import Outcome, Step, Walk
from deploykit.cli.output import Json

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

_MARKS: dict[Outcome, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "warned": ("warn", "yellow"),
    "failed": ("FAILED", "bold red"),
    "skipped": ("-", "dim"),
}
_NO_TERMINAL = 10_000  # columns: a log breaks no lines
_GAP = 2


def text(walk: Walk) -> str:
    """The table of steps; below it, what is to be done."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = _NO_TERMINAL
    with console.capture() as captured:
        console.print(_table(walk))
        for step in walk.steps:
            if step.outcome != "skipped" and (step.why or step.fix):
                console.print(_advice(step))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def summary(walk: Walk) -> str:
    """The walk in one line."""
    if walk.failure:
        return f"It ends at {walk.failure.name}. More: deploykit check --explain {walk.failure.code}"
    whole = f"{sum(step.seconds for step in walk.steps):.2f} s"
    return f"Spark {walk.server} can be reached from here ({whole})." if walk.server else f"All is well ({whole})."


def explanation(row: Code) -> str:
    """What `--explain` prints."""
    parts = [f"{row.code}: {row.title}"]
    parts += [row.long] if row.long else [row.why({})] if row.because else []
    parts += [_listed("Causes, the likeliest first:", row.causes)] if row.causes else []
    parts += [f"To do: {row.advice}"] if row.advice else []
    parts += [_listed("Next:", row.next)] if row.next else []
    parts.append(f"Step {row.layer}, exit code {row.exit}." if row.exit else f"Step {row.layer}; it fails nothing.")
    return "\n\n".join(part for part in parts if part)


def explanation_json(row: Code) -> Json:
    """The same for programs."""
    return {
        "code": row.code,
        "layer": row.layer,
        "exit_code": row.exit,
        "title": row.title,
        "long": row.long,
        "why": row.why({}),
        "fix": row.advice,
        "causes": row.causes,
        "one_of": row.one_of,
        "next": row.next,
    }


def _table(walk: Walk) -> "Table":
    from rich.table import Table
    from rich.text import Text

    places = len({step.where for step in walk.steps}) > 1
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    for step in walk.steps:
        mark, style = _MARKS[step.outcome]
        where = [Text(step.where, "dim")] if places else []
        took = f"{step.seconds * 1000:.0f} ms" if step.seconds >= 0.0005 else ""
        quiet = "dim" if step.outcome == "skipped" else ""
        table.add_row(
            Text(mark, style), *where, Text(step.name, quiet), Text(took, "dim", justify="right"),
            Text(step.sentence, style if step.outcome == "failed" else quiet),
        )  # fmt: skip
    return table


def _advice(step: Step) -> "Group":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    words = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    for word, said in (("Why:", step.why), ("Try:", step.fix)):
        for index, line in enumerate(said.splitlines()):
            words.add_row(Text("" if index else word, "bold"), Text(line))
    title = Text(f"\n{step.name}: {step.code}", _MARKS[step.outcome][1])
    return Group(title, words)


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join((title, *(f"- {line}" for line in lines)))
