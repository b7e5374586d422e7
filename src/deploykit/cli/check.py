"""`deploykit check`: will Mage reach and understand Spark, and if not, what ends the way."""

import click

from deploykit.cli import check_inside, output
from deploykit.cli.seconds import Seconds

_REST_SECONDS = 0.5
"""Beside the way to the server: what is left until 3 seconds are over, for the cluster that explains a failure."""


@click.command()
@click.argument("address", required=False, metavar="[sc://HOST:PORT]")
@click.option("--server", envvar="DEPLOYKIT_SERVER", metavar="sc://HOST:PORT", help="The same as the argument.")
@click.option("--client", envvar="DEPLOYKIT_CLIENT", metavar="X.Y.Z", help="The image's PySpark.")
@click.option("--spark", envvar="DEPLOYKIT_SPARK", metavar="X.Y.Z", help="The Spark that the image was made for.")
@click.option("--client-python", metavar="X.Y", help="The image's Python; the Mage release's unless given.")
@click.option(
    "--executor-python",
    envvar="DEPLOYKIT_EXECUTOR_PYTHON",
    metavar="X.Y",
    help="The executors' Python, for the verdict on Python UDFs.",
)
@click.option(
    "--timeout",
    type=Seconds(),
    default=2.5,
    show_default=True,
    envvar="DEPLOYKIT_TIMEOUT",
    help="Seconds for the way to the server; the default ends the command within 3. With --from or --context: for the "
    "login to the cluster, and for each question to it.",
)
@click.option("--explain", metavar="CODE", help="Say at length what a code means, and check nothing.")
@check_inside.options
@output.format_option
def command(
    *,
    address: str | None,
    server: str | None,
    client: str | None,
    spark: str | None,
    client_python: str | None,
    executor_python: str | None,
    timeout: float,
    explain: str | None,
    output_format: str,
    inside: check_inside.Options,
) -> int:
    """Walk from here to a Spark Connect server, and say what ends the way.

    Without an address it takes that of ILUM_SPARK_CONNECT_URL; a token is read from SPARK_CONNECT_AUTHENTICATE_TOKEN.
    """
    if explain is not None:
        return _explain(explain, output_format)
    check_inside.refuse_unused(inside)
    if inside.place or inside.project:
        spark = _version("--spark", spark)
        return check_inside.run(
            address or server or None,
            inside,
            spark=spark,
            executor_python=executor_python,
            timeout=timeout,
            output_format=output_format,
        )
    from deploykit.check.from_here import Expected, walk
    from deploykit.cli import check_view

    pyspark, made_for = _version("--client", client), _version("--spark", spark)
    expected = Expected(
        client=pyspark or made_for,
        python=client_python or _mage_python(),
        executor_python=executor_python,
    )
    url = address or server or None
    decide = check_inside.judge(url, inside, seconds=timeout + _REST_SECONDS)
    found = walk(url, expected, timeout=timeout, decide=decide)
    if output_format == "json":
        output.data_json(found.to_json())
    else:
        output.data(check_view.text(found))
        output.data(f"\n{check_view.summary(found)}")
    return found.exit_code


def _version(option: str, text: str | None) -> str | None:
    from deploykit.errors import UsageError
    from deploykit.versions import SparkVersion

    if not text:
        return None
    try:
        return SparkVersion.parse(text).release
    except ValueError:
        raise UsageError(f"{option} {text!r} is no Spark version.", fix=f"{option} 4.1.1") from None


def _mage_python() -> str:
    """The Python of the published image, which ours starts from."""
    from deploykit import catalog

    known = catalog.load()
    return known.mage[known.defaults.mage].assumed.python


def _explain(code: str, output_format: str) -> int:
    from difflib import get_close_matches

    from deploykit.check import codes
    from deploykit.cli import check_view
    from deploykit.errors import UsageError

    known = codes.load()
    if code not in known:
        near = get_close_matches(code, known, n=3) or ["refused"]
        raise UsageError(
            f"There is no code {code!r}.",
            why="docs/codes.md lists them all.",
            fix=" or ".join(f"deploykit check --explain {one}" for one in near),
        )
    if output_format == "json":
        output.data_json(check_view.explanation_json(known[code]))
    else:
        output.data(check_view.explanation(known[code]))
    return 0
