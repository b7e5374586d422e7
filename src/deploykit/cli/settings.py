"""`deploykit.toml` of the working folder: the same keys as the long options, for every command that has them.

Two tables are for `sync` and `status`: `[environments.NAME]` and `[drift]`.
"""

import importlib
import tomllib
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import click

from deploykit.cli import COMMANDS
from deploykit.errors import UsageError

CONFIG = Path("deploykit.toml")
TABLES = ("environments", "drift")


def read() -> Mapping[str, Any]:
    """The file's settings, with `-` in every name of an option; empty where there is no file. Raises `UsageError`."""
    if not CONFIG.is_file():
        return {}
    try:
        table = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{CONFIG} is not valid TOML.", why=str(error)) from None
    for key in TABLES:
        if not isinstance(table.get(key, {}), dict):
            raise UsageError(f"{CONFIG} has {key} = {table[key]!r}, which is no table.", fix=f"[{key}]")
    return {key.replace("_", "-"): value for key, value in table.items()}


def defaults(invoked: str) -> dict[str, object]:
    """The settings of the top level for one command, by the names that click passes."""
    settings = {key: value for key, value in read().items() if key not in TABLES}
    if not settings:
        return {}
    _refuse_what_no_command_has(settings, invoked)
    known = parameters(invoked)
    return {
        invoked: {
            known[key].name or key: checked(str(CONFIG), key, value, known[key])
            for key, value in settings.items()
            if key in known
        }
    }


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


def checked(where: str, key: str, value: object, parameter: click.Parameter) -> object:
    """The value as click takes it: of an option that may be given several times, one value is a list of one.

    Raises `UsageError`, which names the file: click names an option that nobody typed. And it takes for granted that a
    file's name is a text.
    """
    if isinstance(parameter.type, click.Path) and not isinstance(value, str):
        raise UsageError(f"{where} has {key} = {value!r}, which is no path.")
    listed = [value] if parameter.multiple and not isinstance(value, list) else value
    try:
        parameter.type_cast_value(click.Context(click.Command(None)), listed)
    except click.BadParameter as error:
        raise UsageError(f"{where} has {key} = {value!r}.", why=error.message) from None
    return listed


def refuse_unknown(where: str, unknown: Set[str], known: Set[str]) -> None:
    """Raise `UsageError` where a key is none: mistyped, it would be a setting that does nothing."""
    from difflib import get_close_matches

    if not unknown:
        return
    near = [name for key in sorted(unknown) for name in get_close_matches(key, sorted(known - unknown), n=1)]
    raise UsageError(
        f"{where} has {', '.join(sorted(unknown))}, which is no setting.",
        fix=", ".join(near) or "the long options of a command, without dashes, as its --help lists them",
    )


def _is_setting(key: str, parameter: click.Parameter) -> bool:
    variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or ()
    return not variables or f"DEPLOYKIT_{key.upper().replace('-', '_')}" in variables


def _refuse_what_no_command_has(settings: Mapping[str, object], invoked: str) -> None:
    """Other commands are loaded only where they may know a key."""
    unknown, known = set(settings), set(TABLES)
    for name in sorted(COMMANDS, key=lambda name: name != invoked):
        known |= parameters(name).keys()
        unknown -= {key for key in known if not isinstance(settings.get(key), dict)}
        if not unknown:
            return
    refuse_unknown(str(CONFIG), unknown, known)
