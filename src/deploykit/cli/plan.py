"""`deploykit plan`: what would be built, and why; and what the chart's policies will allow."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploykit.cli import output, plan_view, policies_options
from deploykit.cli.request_options import request_options
from deploykit.cli.typed import refuse_typed
from deploykit.image.engine import Engine
from deploykit.planning import detected, for_nodes, shown
from deploykit.request import Request

if TYPE_CHECKING:
    from deploykit.deploy.policies.allowed import Allowed


@click.command()
@request_options
@policies_options.VALUES
@click.option(
    "--manifests",
    type=policies_options.PATH,
    multiple=True,
    metavar="PATH",
    help="Policies and pods that are there besides: a file, a folder, or - for standard input.",
)
@policies_options.RELEASE
@policies_options.mage_namespace("--mage-namespace")
@output.format_option
def command(
    *,
    request: Request,
    values: Path | None,
    manifests: tuple[Path, ...],
    release: str,
    mage_namespace: str,
    output_format: str,
) -> None:
    """Show what would be built, and why; build nothing.

    With --values or --manifests also what NetworkPolicies will allow Mage's pods once the chart is installed; where
    --namespace asks a cluster, together with what is there. `deploykit policies` says that alone.
    """
    if values is None:
        policies_options.refuse_release()
    if not (values or manifests):
        why = "It says whose NetworkPolicies to judge."
        refuse_typed(("mage_namespace",), "an image alone", why=why, fix="--values FILE or --manifests PATH")
    engine = Engine(timeout=request.timeout)
    detection, progress = detected(request), output.progress()
    request = for_nodes(request, progress=progress)
    plan, there = shown(request, detection, engine=engine, progress=progress)
    presence = plan_view.presence(plan, there)
    found = _policies(request, manifests, values, release, mage_namespace) if values or manifests else None
    if output_format == "json":
        policies = {} if found is None else {"policies": _json(found)}
        output.data_json({**plan_view.as_json(plan, detection, presence), **policies})
    else:
        output.facts(plan_view.rows(plan, detection, presence))
        if found is not None:
            from deploykit.cli import policies_view

            output.data("")
            policies_view.show(found)


def _policies(
    request: Request, manifests: tuple[Path, ...], values: Path | None, release: str, namespace: str
) -> "Allowed":
    from deploykit.check.foresight import foresee
    from deploykit.kubernetes_api import KubernetesApi

    named = policies_options.sources(
        manifests, values=values, release=release, namespace=namespace, server=request.server
    )
    api = KubernetesApi(request.context, timeout=request.timeout) if request.namespace else None
    return foresee(named, api=api)


def _json(found: "Allowed") -> output.Json:
    from deploykit.cli import policies_view

    return policies_view.as_json(found)
