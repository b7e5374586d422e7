"""Limits in seconds, as options take them."""

import math

import click


class Seconds(click.FloatRange):
    """Up to a day. `nan` lies within every range, and what is endless is no limit."""

    def __init__(self, *, zero: bool = False) -> None:
        """`zero`: whether there may be no waiting at all."""
        super().__init__(min=0, max=86400, min_open=not zero)

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)  # type: ignore[arg-type] # a text is what it is for
        if math.isnan(number):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return number


cluster_timeout = click.option(
    "--timeout",
    type=Seconds(),
    default=3.0,
    show_default=True,
    envvar="DEPLOYKIT_TIMEOUT",
    help="Seconds for the login to the cluster, and for each question to it.",
)
