"""The click group: loads a command's file when it is asked for, and turns errors into sentences and exit codes."""

import importlib
from collections.abc import Sequence

import click

from deploykit.cli import COMMANDS, help_text, output, settings
from deploykit.errors import DeploykitError, UsageError, unusable


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


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deploykit", message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Keeps the Spark client inside Mage in lock-step with the Spark that Ilum runs."""
    ctx.default_map = settings.defaults(ctx.invoked_subcommand or "")


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
        output.error(unusable(error))
        return UsageError.exit_code
    except DeploykitError as error:
        output.error(error)
        return error.exit_code
    return result if isinstance(result, int) else 0
