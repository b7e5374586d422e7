"""The only module that prints. Data goes to stdout, talk to stderr; `-o json` is for machines."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import click

from deploykit.errors import DeploykitError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
_Command = TypeVar("_Command", bound=Callable[..., object])


def format_option(function: _Command) -> _Command:
    """The `-o table|json` option that every command has; passes `output_format`."""
    return click.option(
        "-o",
        "--output",
        "output_format",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print the answer.",
    )(function)


def talk(text: str) -> None:
    """Say something to the person, on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def data(text: str) -> None:
    """Print a command's answer, on stdout."""
    sys.stdout.write(f"{text}\n")


def data_json(value: Json) -> None:
    """Print a command's answer as JSON, on stdout."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def data_list(lines: Sequence[str], output_format: str) -> None:
    """Print a command's answer that is a list: one a line, or as JSON."""
    if output_format == "json":
        data_json(lines)
    else:
        for line in lines:
            data(line)


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Print `name  value` rows as one aligned block, on stdout."""
    for line in _aligned(rows):
        data(line)


def _aligned(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        first, *rest = value.splitlines() or [""]
        yield f"{name:<{width}}  {first}".rstrip()
        for line in rest:
            yield f"{'':<{width}}  {line}".rstrip()


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with a header, columns as wide as their widest cell, on stdout."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        data("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def error(problem: DeploykitError) -> None:
    """Print what happened, why, and what to type next, on stderr."""
    talk(f"Error: {problem.what}")
    if problem.why:
        talk(f"  Why: {problem.why}")
    if problem.fix:
        talk(f"  Try: {problem.fix}")


def usage_error(problem: click.ClickException) -> None:
    """Print a usage mistake with the command that explains it, on stderr."""
    talk(f"Error: {problem.format_message()}")
    if isinstance(problem, click.UsageError) and problem.ctx is not None:
        talk(f"  Try: {problem.ctx.command_path} --help")


def talk_facts(rows: Sequence[tuple[str, str]]) -> None:
    """The rows of `facts`, on stderr: for a command whose answer is something else."""
    for line in _aligned(rows):
        talk(line)


def progress() -> "Lines":
    """How long work shows that it goes on."""
    return Lines()


class Lines:
    """Progress on stderr: steps as lines; transfers as one line that counts where there is a terminal, else a line at
    the end; what other programs say only where `DEPLOYKIT_VERBOSE` asks for it or there is no terminal."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = 0.0
        self._done: set[str] = set()

    def step(self, text: str) -> None:
        talk(f"==> {text}")

    def advance(self, name: str, done: int, total: int) -> None:
        finished = total > 0 and done >= total
        now = time.monotonic()
        if name in self._done or (not finished and now - self._shown < (0.1 if self._terminal else 5)):
            return
        self._shown = now
        text = f"    {name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB"
        if finished:
            self._done.add(name)
        if self._terminal:
            sys.stderr.write(f"\r{text}\x1b[K" + ("\n" if finished else ""))
            sys.stderr.flush()
        else:
            talk(text)

    def log(self, line: str) -> None:
        if not self._terminal or os.environ.get("DEPLOYKIT_VERBOSE"):
            talk(f"    {line}")
