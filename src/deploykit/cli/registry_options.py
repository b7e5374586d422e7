"""How a registry is spoken to: the same option for all that speak to one."""

from collections.abc import Callable
from typing import TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])


def insecure_registry(function: _Command) -> _Command:
    """`--insecure-registry HOST`, as Docker's daemon has it; passes `insecure_registry`."""
    return click.option(
        "--insecure-registry",
        multiple=True,
        envvar="DEPLOYKIT_INSECURE_REGISTRY",
        metavar="HOST[:PORT]",
        help="A registry that speaks plain HTTP; those of this machine do.",
    )(function)
