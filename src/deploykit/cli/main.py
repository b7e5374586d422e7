"""The click group: loads a command's file when it is asked for, and turns errors into sentences and exit codes."""

import importlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from deploykit.cli import COMMANDS, help_text, output
from deploykit.errors import DeploykitError, UsageError

CONFIG = Path("deploykit.toml")


class LazyGroup(click.Group):
    """Commands by name from `COMMANDS`; `deploykit.cli.<name>` holds `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"deploykit.cli.{cmd_name}").command
        return command

    def get_help(self, ctx: click.Context) -> str:
        return help_text().rstrip("\n")


def _defaults(invoked: str) -> dict[str, object]:
    """`deploykit.toml` of the working folder: the same keys as the long options, for every command that has them."""
    if not CONFIG.is_file():
        return {}
    try:
        table = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{CONFIG} is not valid TOML: {error}") from None
    settings = {key.replace("_", "-"): value for key, value in table.items()}
    _refuse_unknown(settings, invoked)
    options = _options(invoked)
    return {invoked: {options[key]: value for key, value in settings.items() if key in options}}


def _refuse_unknown(settings: Mapping[str, object], invoked: str) -> None:
    """A mistyped key would be a setting that does nothing. Other commands are loaded only where they may know a key."""
    unknown = set(settings)
    for name in sorted(COMMANDS, key=lambda name: name != invoked):
        unknown -= {key for key in _options(name) if not isinstance(settings.get(key), dict)}
        if not unknown:
            return
    raise click.UsageError(f"{CONFIG} has {', '.join(sorted(unknown))}, which no command knows.")


def _options(name: str) -> dict[str, str]:
    """The long options of a command, without dashes in front, and the names by which click passes them.

    A key means the same as the variable DEPLOYKIT_KEY: an option that reads another one has another meaning.
    """
    parameters: list[click.Parameter] = importlib.import_module(f"deploykit.cli.{name}").command.params
    options = ((option, parameter) for parameter in parameters for option in parameter.opts if option.startswith("--"))
    return {
        key: parameter.name or key
        for option, parameter in options
        if parameter.envvar in (None, f"DEPLOYKIT_{(key := option.removeprefix('--')).upper().replace('-', '_')}")
    }


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deploykit", message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Keeps the Spark client inside Mage in lock-step with the Spark that Ilum runs."""
    ctx.default_map = _defaults(ctx.invoked_subcommand or "")


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        result = group.main(args=list(arguments), prog_name="deploykit", standalone_mode=False)
    except click.exceptions.Abort:
        output.talk("Stopped.")
        return 130
    except click.ClickException as error:
        output.usage_error(error)
        return 2
    except OSError as error:
        if error.filename is None:
            raise
        output.error(UsageError(f"{error.filename} cannot be used.", why=error.strerror or str(error)))
        return UsageError.exit_code
    except DeploykitError as error:
        output.error(error)
        return error.exit_code
    return result if isinstance(result, int) else 0
