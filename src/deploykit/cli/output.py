"""The only module that prints. Data goes to stdout, talk to stderr; `-o json` is for machines."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
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


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Print `name  value` rows as one aligned block, on stdout."""
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        first, *rest = value.splitlines() or [""]
        data(f"{name:<{width}}  {first}".rstrip())
        for line in rest:
            data(f"{'':<{width}}  {line}".rstrip())


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
