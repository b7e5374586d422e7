"""`deploykit policies`: what NetworkPolicies allow Mage's pods, before anything is installed or in what runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploykit.cli import output, policies_options
from deploykit.cli.seconds import cluster_timeout
from deploykit.cli.typed import refuse_typed
from deploykit.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from deploykit.deploy.policies import Answer
    from deploykit.deploy.policies.allowed import Allowed


@click.command()
@click.argument("manifests", nargs=-1, type=policies_options.PATH, metavar="[MANIFESTS]...")
@policies_options.VALUES
@policies_options.RELEASE
@policies_options.mage_namespace("--namespace", "--mage-namespace")
@click.option(
    "--server", envvar="DEPLOYKIT_SERVER", metavar="sc://HOST:PORT", help="Where Spark is, if a Secret alone says so."
)
@click.option("--live", is_flag=True, help="Mix in what the cluster has; it may be all there is.")
@click.option("--context", envvar="DEPLOYKIT_CONTEXT", help="The kubeconfig's context, for --live.")
@cluster_timeout
@click.option("--from", "source", metavar="KIND|POD|ADDRESS", help="Ask one question: may this pod open a connection …")
@click.option(
    "--to", "target", metavar="HOST|POD|ADDRESS", help="… to this Service, pod or address, as the pod dials it …"
)
@click.option("--port", metavar="N|NAME", help="… on this port …")
@click.option("--protocol", type=click.Choice(["TCP", "UDP", "SCTP"]), default="TCP", help="… by this protocol?")
@click.option(
    "--patch",
    "patch_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the NetworkPolicies that are missing.",
)
@output.format_option
def command(
    *,
    manifests: tuple[Path, ...],
    values: Path | None,
    release: str,
    mage_namespace: str,
    server: str | None,
    live: bool,
    context: str | None,
    timeout: float,
    source: str | None,
    target: str | None,
    port: str | None,
    protocol: str,
    patch_file: Path | None,
    output_format: str,
) -> int:
    """Say what NetworkPolicies allow Mage's pods, which policy says so, and what would have to change.

    MANIFESTS are files or folders, or - for standard input, such as what `helm template` prints. They, the chart with
    --values and the cluster with --live may be mixed: what is there plus what would be installed.
    """
    if (source is None) != (target is None):
        raise UsageError("--from and --to make one question.", fix="--from server --to HOST --port 15002")
    if not (manifests or values or live):
        raise UsageError("Whose policies?", fix="name manifests, --values FILE, --live, or several of these")
    _refuse_unused(values, live=live, asked=source is not None)
    from deploykit.check.foresight import foresee
    from deploykit.check.question import ask, namespaces
    from deploykit.kubernetes_api import KubernetesApi

    question = (source, target) if source and target else None
    named = policies_options.sources(
        manifests,
        values=values,
        release=release,
        namespace=mage_namespace,
        server=server,
        also=namespaces(*question, home=mage_namespace) if question else (),
    )
    found = foresee(named, api=KubernetesApi(context, timeout=timeout) if live else None)
    if question is None:
        return _table(found, patch_file, output_format)
    answer = ask(found, source=question[0], target=question[1], port=port, protocol=protocol)
    return _answer(found, answer, patch_file, output_format)


def _refuse_unused(values: Path | None, *, live: bool, asked: bool) -> None:
    if values is None:
        policies_options.refuse_release()
    if not live:
        refuse_typed(("context", "timeout"), "manifests and values", why="It is for a cluster to read.", fix="--live")
    if not asked:
        refuse_typed(
            ("port", "protocol"),
            "the whole table",
            why="They belong to one question.",
            fix="--from server --to HOST --port 15002",
        )


def _table(found: "Allowed", patch_file: Path | None, output_format: str) -> int:
    from deploykit.cli import policies_view

    if output_format == "json":
        output.data_json(policies_view.as_json(found))
    else:
        policies_view.show(found)
    policies_view.write_patches(patch_file, found.patches)
    return UnreachableError.exit_code if found.missing else 0


def _answer(found: "Allowed", answer: "Answer", patch_file: Path | None, output_format: str) -> int:
    from deploykit.cli import policies_view
    from deploykit.deploy.policies import explain, patch

    items = patch(answer)
    if output_format == "json":
        output.data_json(policies_view.answer_json(found.network, answer))
    else:
        for sentence in explain(found.network, answer):
            output.data(sentence)
        if items and patch_file is None:
            output.data(f"\nThis allows it, and isolates nobody:\n\n{policies_view.patches_yaml(items)}")
    policies_view.write_patches(patch_file, items)
    return 0 if answer.allowed else UnreachableError.exit_code
