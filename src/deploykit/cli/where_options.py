"""The options that say whom to ask which Spark runs: the same for `detect` and for all that make an image."""

from collections.abc import Callable
from typing import TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., object]], Callable[..., object]]


def where_options(*, server: str) -> list[Decorator]:
    """The options, in order; `server` is the help of `--server`. They pass the names of `Request`'s fields."""
    return [
        click.option(
            "--server",
            multiple=True,
            callback=_first,
            envvar="DEPLOYKIT_SERVER",
            metavar="sc://HOST:PORT",
            help=server,
        ),
        option(
            "--namespace", help="Spark's, not Mage's: read the pods, and the operators' objects, of this namespace."
        ),
        option("--context", help="The kubeconfig's context; the current one unless given."),
        option("--ilum-core", metavar="URL", help="Ask Ilum's REST API: http://ilum-core:9888. Login: ILUM_API_TOKEN."),
        option(
            "--helm-values",
            metavar="[NAMESPACE/]RELEASE",
            help="Read Ilum's image in the values of this Helm release, too. They hold its passwords.",
        ),
    ]


def option(name: str, **settings: object) -> Decorator:
    """An option that a variable can set too: `--ilum-core` by `DEPLOYKIT_ILUM_CORE`."""
    variable = f"DEPLOYKIT_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, envvar=variable, show_default="default" in settings, **settings)  # type: ignore[arg-type] # passed through


def _first(ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> str | None:
    """The first server, which the values lead to; the others, which share its image, are passed as `sharing`."""
    given = tuple(filter(None, value))
    ctx.params["sharing"] = given[1:]
    return given[0] if given else None
