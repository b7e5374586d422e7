"""`deploykit.toml` of the working folder: the same keys as the long options, for every command that has them.

Two tables are for `sync` and `status`: `[environments.NAME]` and `[drift]`.
"""

import importlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from deploykit.cli import COMMANDS

CONFIG = Path("deploykit.toml")
TABLES = ("environments", "drift")


def read() -> Mapping[str, Any]:
    """The file's settings, with `-` in every name of an option; empty where there is no file."""
    if not CONFIG.is_file():
        return {}
    try:
        table = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{CONFIG} is not valid TOML: {error}") from None
    return {key.replace("_", "-"): value for key, value in table.items()}


def defaults(invoked: str) -> dict[str, object]:
    """The settings of the top level for one command, by the names that click passes."""
    settings = {key: value for key, value in read().items() if not (key in TABLES and isinstance(value, dict))}
    if not settings:
        return {}
    _refuse_unknown(settings, invoked)
    known = parameters(invoked)
    for key in settings.keys() & known.keys():
        refuse_no_path(key, settings[key], known[key])
    return {invoked: {known[key].name or key: value for key, value in settings.items() if key in known}}


def parameters(name: str) -> dict[str, click.Parameter]:
    """The long options of a command, without dashes in front, as click knows them.

    A key means the same as the variable DEPLOYKIT_KEY: an option that reads another one has another meaning.
    """
    known: list[click.Parameter] = importlib.import_module(f"deploykit.cli.{name}").command.params
    named = {
        option.removeprefix("--"): parameter
        for parameter in known
        for option in parameter.opts
        if option.startswith("--")
    }
    return {key: parameter for key, parameter in named.items() if _is_setting(key, parameter)}


def refuse_no_path(key: str, value: object, parameter: click.Parameter) -> None:
    """Raise `UsageError` where a file's name is no text: click takes for granted that it is one."""
    if isinstance(parameter.type, click.Path) and not isinstance(value, str):
        raise click.UsageError(f"{CONFIG} has {key} = {value!r}, which is no path.")


def _is_setting(key: str, parameter: click.Parameter) -> bool:
    variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or ()
    return not variables or f"DEPLOYKIT_{key.upper().replace('-', '_')}" in variables


def _refuse_unknown(settings: Mapping[str, object], invoked: str) -> None:
    """A mistyped key would be a setting that does nothing. Other commands are loaded only where they may know a key."""
    unknown = set(settings)
    for name in sorted(COMMANDS, key=lambda name: name != invoked):
        unknown -= {key for key in parameters(name) if not isinstance(settings.get(key), dict)}
        if not unknown:
            return
    raise click.UsageError(f"{CONFIG} has {', '.join(sorted(unknown))}, which no command knows.")
