"""`deploykit detect`: which Spark runs there, by which evidence, how sure."""

import click

from deploykit.cli import output
from deploykit.detect.evidence import Confidence, Detection, Evidence, merge
from deploykit.errors import UsageError

_MEANING = {
    Confidence.CERTAIN: "the server itself says so",
    Confidence.HIGH: "its executors say so",
    Confidence.MEDIUM: "what submitted the job says so; the server may differ",
    Confidence.LOW: "only the tag of an image says so",
}


@click.command()
@click.argument("address", required=False, metavar="[sc://HOST:PORT]")
@click.option("--server", envvar="DEPLOYKIT_SERVER", metavar="sc://HOST:PORT", help="The same as the argument.")
@click.option("--namespace", envvar="DEPLOYKIT_NAMESPACE", help="Read the Spark pods of this Kubernetes namespace.")
@click.option("--context", envvar="DEPLOYKIT_CONTEXT", help="The kubeconfig's context; the current one unless given.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=2.5,
    show_default=True,
    help="Seconds to wait for the server, and for the Kubernetes API; the default ends the command within 3.",
)
@output.format_option
def command(
    *,
    address: str | None,
    server: str | None,
    namespace: str | None,
    context: str | None,
    timeout: float,
    output_format: str,
) -> None:
    """Ask which Spark a server or a namespace runs, and by which evidence.

    A token for the server is read from SPARK_CONNECT_AUTHENTICATE_TOKEN.
    """
    detection = merge(_evidence(address or server, namespace, context, timeout))
    if output_format == "json":
        output.data_json(_as_json(detection))
    else:
        _print(detection)


def _evidence(server: str | None, namespace: str | None, context: str | None, timeout: float) -> list[Evidence]:
    if not server and not namespace:
        raise UsageError(
            "Nothing to ask: name a server or a namespace.",
            fix="deploykit detect sc://host:15002, or deploykit detect --namespace ilum",
        )
    found: list[Evidence] = []
    if server:
        from deploykit.detect.connect import ask

        found.append(ask(server, timeout))
    if namespace:
        from deploykit.detect.kubernetes_pods import spark_pods
        from deploykit.detect.pods import evidence

        found += evidence(namespace, spark_pods(namespace, context=context, timeout=timeout))
    return found


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
    }
