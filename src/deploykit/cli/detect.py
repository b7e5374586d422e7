"""`deploykit detect`: which Spark runs there, by which evidence, how sure."""

from collections.abc import Callable
from pathlib import Path

import click

from deploykit.cli import output
from deploykit.cli.seconds import Seconds
from deploykit.cli.where_options import where_options
from deploykit.detect.ask import detect
from deploykit.detect.evidence import Confidence, Detection
from deploykit.detect.where import Where

_MEANING = {
    Confidence.CERTAIN: "the server itself says so",
    Confidence.HIGH: "its executors say so",
    Confidence.MEDIUM: "what submitted the job says so; the server may differ",
    Confidence.LOW: "only the tag of an image says so",
    Confidence.SLIGHT: "it is asked for; nothing is seen to run",
    Confidence.GUESS: "it is the default; a job may use another image",
}


def _whom(function: Callable[..., object]) -> Callable[..., object]:
    for option in reversed(where_options(server="The same as the argument.")):
        function = option(function)
    return function


@click.command()
@click.argument("addresses", nargs=-1, metavar="[sc://HOST:PORT]...")
@_whom
@click.option(
    "--timeout",
    type=Seconds(),
    default=2.5,
    show_default=True,
    envvar="DEPLOYKIT_TIMEOUT",
    help="Seconds in which all have to answer; the default ends the command within 3.",
)
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    envvar="DEPLOYKIT_CA_FILE",
    help="Certificates to trust too, for Ilum's REST API.",
)
@output.format_option
def command(
    *,
    addresses: tuple[str, ...],
    server: str | None,
    sharing: tuple[str, ...],
    namespace: str | None,
    context: str | None,
    ilum_core: str | None,
    helm_values: str | None,
    timeout: float,
    ca_file: Path | None,
    output_format: str,
) -> None:
    """Ask which Spark a server, a namespace or Ilum runs, and by which evidence.

    Of several servers the oldest decides. Tokens come from the environment: SPARK_CONNECT_AUTHENTICATE_TOKEN for a
    server, ILUM_API_TOKEN for Ilum.
    """
    where = Where(
        servers=addresses or ((server, *sharing) if server else ()),
        namespace=namespace or None,
        context=context or None,
        ilum_core=ilum_core or None,
        helm_release=helm_values or None,
        ca_file=ca_file,
    )
    detection = detect(where, timeout=timeout, partial_answer=True)
    if output_format == "json":
        output.data_json(_as_json(detection))
    else:
        _print(detection)


def _print(detection: Detection) -> None:
    output.facts(
        [("Spark", str(detection.version)), ("sure", f"{detection.confidence}: {_MEANING[detection.confidence]}")]
    )
    output.data("")
    output.table(
        ("EVIDENCE", "SAYS", "SURE", "WHERE"),
        [(item.source, str(item.version), str(item.confidence), item.where) for item in detection.evidence],
    )
    if detection.disagreements:
        output.data("\nDisagreements")
        for sentence in detection.disagreements:
            output.data(f"  {sentence}")
    if detection.not_asked:
        output.data("\nNo answer from")
        for item in detection.not_asked:
            output.data(f"  {item.source}: {item.why}")


def _as_json(detection: Detection) -> output.Json:
    return {
        "version": str(detection.version),
        "confidence": str(detection.confidence),
        "evidence": [
            {
                "source": item.source,
                "version": str(item.version),
                "where": item.where,
                "confidence": str(item.confidence),
                "server": item.server,
            }
            for item in detection.evidence
        ],
        "disagreements": list(detection.disagreements),
        "not_asked": [{"source": item.source, "why": item.why} for item in detection.not_asked],
    }
