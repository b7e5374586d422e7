"""Who signs what is pushed: the same option for all that push."""

from collections.abc import Callable
from typing import TypeVar

import click

from deploykit.errors import UsageError

_Command = TypeVar("_Command", bound=Callable[..., object])


def sign_key(function: _Command) -> _Command:
    """`--sign-key KEY`; passes `sign_key`, None where nobody signs."""
    return click.option(
        "--sign-key",
        callback=_named,
        envvar="DEPLOYKIT_SIGN_KEY",
        metavar="KEY",
        help="Sign what is pushed: cosign.key, with its password in COSIGN_PASSWORD, or the URI of a KMS.",
    )(function)


def _named(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value == "":  # as of a variable that is not set: it must not end in an unsigned image
        raise UsageError("--sign-key names no key.", fix="the key, or no --sign-key for images that nobody signs")
    return value
