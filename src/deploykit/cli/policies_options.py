"""Where policies come from: the options that `plan` and `policies` have in common."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploykit.cli.typed import refuse_typed
from deploykit.cli.where_options import Decorator
from deploykit.errors import UsageError

if TYPE_CHECKING:
    from deploykit.check.foresight import Sources

PATH = click.Path(path_type=Path)
STDIN = Path("-")

VALUES = click.option(
    "--values",
    envvar="DEPLOYKIT_CHART_VALUES",  # not the key `values`, which is the file that sync writes
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Say what the NetworkPolicies of the chart will allow with these values.",
)
RELEASE = click.option(
    "--release", envvar="DEPLOYKIT_RELEASE", default="mage", show_default=True, help="With --values: the Helm release."
)


def mage_namespace(*names: str) -> Decorator:
    """Mage's namespace, by these names."""
    return click.option(
        *names,
        "mage_namespace",
        envvar="DEPLOYKIT_MAGE_NAMESPACE",
        default="mage",
        show_default=True,
        help="Mage's, not Spark's; manifests that name none are in it too.",
    )


def refuse_release() -> None:
    """Raises `UsageError` where --release was typed without --values."""
    refuse_typed(("release",), "what is not rendered", why="It names the release in the chart.", fix="--values FILE")


def sources(
    manifests: tuple[Path, ...],
    *,
    values: Path | None,
    release: str,
    namespace: str,
    server: str | None,
    also: tuple[str, ...] = (),
) -> "Sources":
    """What the options name; `-` among the manifests is read. Raises `UsageError` for a path that is not there."""
    from deploykit.check.foresight import Sources

    paths = tuple(path for path in manifests if path != STDIN)
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"There is no {missing}.", why="Manifests are files, folders or, as -, standard input.")
    text = sys.stdin.read() if STDIN in manifests else ""
    return Sources(
        manifests=paths, text=text, values=values, release=release, namespace=namespace, server=server, also=also
    )
