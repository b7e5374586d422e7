"""`deploykit values`: the Helm values for the chart, from options or from what a cluster shows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from deploykit.cli import output
from deploykit.deploy.reference import ImageReference
from deploykit.deploy.values import SIGNATURE, Deployment, is_untouched, to_values, to_yaml
from deploykit.errors import UsageError


def _labels(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
    labels = dict(text.split("=", 1) for text in given if "=" in text)
    if len(labels) != len(given):
        raise click.BadParameter("is KEY=VALUE, such as spark-app-name=spark-connect, each key once")
    return labels


@click.command()
@click.option("--image", required=True, envvar="DEPLOYKIT_IMAGE", metavar="REPO[:TAG][@DIGEST]", help="The Mage image.")
@click.option("--server", envvar="DEPLOYKIT_SERVER", metavar="sc://HOST:PORT", help="The Spark Connect server.")
@click.option("--namespace", envvar="DEPLOYKIT_NAMESPACE", help="Namespace of Ilum's Spark pods; asks the cluster.")
@click.option("--context", envvar="DEPLOYKIT_CONTEXT", help="Context of the kubeconfig.")
@click.option(
    "--driver-label",
    multiple=True,
    callback=_labels,
    envvar="DEPLOYKIT_DRIVER_LABEL",
    metavar="KEY=VALUE",
    help="A label of the Spark Connect driver, where several drivers run.",
)
@click.option(
    "--executor/--no-executor",
    default=False,
    show_default=True,
    envvar="DEPLOYKIT_EXECUTOR",
    help="Scheduled blocks run as Jobs; this declares that the release's namespace is Mage's own.",
)
@click.option(
    "--api-server",
    multiple=True,
    envvar="DEPLOYKIT_API_SERVER",
    metavar="ADDRESS:PORT",
    help="The API server's own address, for --executor where no cluster is asked.",
)
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), envvar="DEPLOYKIT_FILE", help="Write here.")
@click.option("--force", is_flag=True, help="Overwrite a file that is not as deploykit wrote it.")
@output.format_option
def command(
    *,
    image: str,
    server: str | None,
    namespace: str | None,
    context: str | None,
    driver_label: Mapping[str, str],
    executor: bool,
    api_server: tuple[str, ...],
    file: Path | None,
    force: bool,
    output_format: str,
) -> None:
    """Write the Helm values for the chart."""
    if file is not None and not force:
        _refuse_foreign(file)
    deployment = Deployment(image=ImageReference.parse(image), executor=executor)
    deployment = _complete(
        deployment,
        server=server,
        namespace=namespace,
        context=context,
        labels=driver_label,
        api_servers=api_server,
    )
    text = to_yaml(deployment)
    if file is not None:
        _write(file, text)
        output.talk(f"Wrote {file}")
    if output_format == "json":
        output.data_json(to_values(deployment))
    elif file is None:
        output.data(text.rstrip("\n"))


def _complete(
    deployment: Deployment,
    *,
    server: str | None,
    namespace: str | None,
    context: str | None,
    labels: Mapping[str, str],
    api_servers: tuple[str, ...],
) -> Deployment:
    """Fill in where Spark and the API server are."""
    from deploykit.deploy import describe
    from deploykit.deploy.discover import Cluster

    api = describe.parse_api_servers(api_servers)
    address = None if server is None else describe.address_for_values(server)
    if namespace is not None:
        cluster = Cluster(context)
        deployment = describe.from_cluster(deployment, cluster, namespace, address, labels)
        output.talk(
            "The chart will make a Service: none leads to the Spark Connect driver and outlives its run."
            if deployment.create_service
            else f"Found Service {deployment.host}"
        )
        if deployment.executor and not api.cidrs:
            api = cluster.api_server()
    elif address is not None:
        deployment = describe.from_address(deployment, address, labels)
    else:
        raise UsageError("Nothing says where Spark runs", fix="--server sc://HOST:15002, or --namespace NAMESPACE")
    if deployment.executor and not api.cidrs:
        raise UsageError(
            "--executor needs the address of the Kubernetes API server",
            why="Mage starts worker pods through it, and the NetworkPolicies have to let it through",
            fix="--namespace NAMESPACE to ask the cluster, or --api-server ADDRESS:PORT",
        )
    return replace(deployment, api_server_cidrs=api.cidrs, api_server_ports=api.ports)


def _write(file: Path, text: str) -> None:
    from deploykit import cache

    try:
        with cache.writing(file.resolve()) as out:
            out.write(text.encode())
    except OSError as error:
        raise UsageError(f"{file} cannot be written", why=str(error), fix="choose another --file") from None


def _refuse_foreign(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    if not text.startswith(f"{SIGNATURE}\n"):
        raise UsageError(f"{path} was not written by deploykit", fix="choose another --file, or add --force")
    if not is_untouched(text):
        raise UsageError(
            f"{path} was changed since deploykit wrote it",
            why="writing it again would lose the change",
            fix="move your settings to a second file, which helm takes as another --values, and add --force",
        )
