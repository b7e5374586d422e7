"""What was typed on the command line, and would do nothing there."""

from collections.abc import Collection

import click
from click.core import ParameterSource

from deploykit.errors import UsageError


def refuse_typed(names: Collection[str], what: str, *, why: str, fix: str) -> None:
    """Raises `UsageError` for the first parameter of these names that was typed, which has no meaning for `what`.

    What stands in the environment or in `deploykit.toml` is for every command, and refused by none.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = parameter.opts[0] if isinstance(parameter, click.Option) else "The address"
            raise UsageError(f"{option} has no meaning for {what}.", why=why, fix=fix)
