"""`deploykit values`: the Helm values for our chart or for Ilum's, from options or from what a cluster shows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploykit import files
from deploykit.cli import output
from deploykit.cli.seconds import cluster_timeout
from deploykit.deploy import umbrella, values, values_file
from deploykit.deploy.ilum_services import CORE, LIVY, SQL, Kind
from deploykit.deploy.values import Deployment
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference

if TYPE_CHECKING:
    from deploykit.deploy.discover import Cluster

_WRITERS = {"chart": values, "ilum": umbrella}


def _labels(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
    labels = dict(text.split("=", 1) for text in given if "=" in text)
    if len(labels) != len(given):
        raise click.BadParameter("is KEY=VALUE, such as spark-app-name=spark-connect, each key once")
    return labels


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the options say of where things are."""

    server: str | None
    namespace: str | None
    context: str | None
    timeout: float
    ilum_namespace: str | None
    labels: Mapping[str, str]
    api_servers: tuple[str, ...]
    kinds: tuple[Kind, ...]
    module: bool


@click.command()
@click.option("--image", required=True, envvar="DEPLOYKIT_IMAGE", metavar="REPO[:TAG][@DIGEST]", help="The Mage image.")
@click.option(
    "--for",
    "target",
    type=click.Choice(list(_WRITERS)),
    default="chart",
    show_default=True,
    envvar="DEPLOYKIT_FOR",
    help="Our chart; or Ilum's umbrella chart, whose own `mageai` module then runs this image.",
)
@click.option("--server", envvar="DEPLOYKIT_SERVER", metavar="sc://HOST:PORT", help="The Spark Connect server.")
@click.option(
    "--namespace", envvar="DEPLOYKIT_NAMESPACE", help="Spark's, not Mage's: asks the cluster about Ilum's pods there."
)
@click.option("--context", envvar="DEPLOYKIT_CONTEXT", help="Context of the kubeconfig.")
@cluster_timeout
@click.option(
    "--ilum-namespace",
    envvar="DEPLOYKIT_ILUM_NAMESPACE",
    help="Namespace of Ilum itself, where it is not that of its Spark pods.",
)
@click.option(
    "--driver-label",
    multiple=True,
    callback=_labels,
    envvar="DEPLOYKIT_DRIVER_LABEL",
    metavar="KEY=VALUE",
    help="A label of the Spark Connect driver, where several drivers run.",
)
@click.option("--sql/--no-sql", envvar="DEPLOYKIT_SQL", help="Blocks use Ilum SQL.")
@click.option("--livy/--no-livy", envvar="DEPLOYKIT_LIVY", help="Blocks use Ilum's Livy proxy.")
@click.option("--core/--no-core", envvar="DEPLOYKIT_CORE", help="Blocks use Ilum's own API.")
@click.option(
    "--module/--no-module",
    default=False,
    show_default=True,
    envvar="DEPLOYKIT_MODULE",
    help="Ilum's own `mageai` module runs Mage: our chart goes beside it, for the policies and the checks.",
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
    target: str,
    server: str | None,
    namespace: str | None,
    context: str | None,
    timeout: float,
    ilum_namespace: str | None,
    driver_label: Mapping[str, str],
    sql: bool,
    livy: bool,
    core: bool,
    module: bool,
    executor: bool,
    api_server: tuple[str, ...],
    file: Path | None,
    force: bool,
    output_format: str,
) -> None:
    """Write the Helm values for our chart, or for Ilum's."""
    writer = _WRITERS[target]
    if file is not None and not force:
        values_file.refuse_foreign(file, writer.SIGNATURE)
    if executor and target == "ilum":
        raise UsageError(
            "--executor is for our chart alone",
            why="Ilum's chart always gives Mage the rights for it, and has no values for the pods that Mage starts",
            fix="leave --executor out",
        )
    if module and (executor or target == "ilum"):
        raise UsageError(
            f"--module and {'--executor' if executor else '--for ilum'} exclude each other",
            why="the first is for our chart beside Ilum's own module, which runs in Ilum's namespace",
            fix="leave one of the two out",
        )
    asked = _Asked(
        server=server,
        namespace=namespace,
        context=context,
        timeout=timeout,
        ilum_namespace=ilum_namespace,
        labels=driver_label,
        api_servers=api_server,
        kinds=tuple(kind for kind, wanted in ((SQL, sql), (LIVY, livy), (CORE, core)) if wanted),
        module=module,
    )
    deployment = _complete(Deployment(image=ImageReference.parse(image), executor=executor, module=module), asked)
    text = writer.to_yaml(deployment)
    if file is not None:
        files.write(file, text, fix="choose another --file")
        output.talk(f"Wrote {file}")
    if output_format == "json":
        output.data_json(writer.to_values(deployment))
    elif file is None:
        output.data(text.rstrip("\n"))


def _complete(deployment: Deployment, asked: _Asked) -> Deployment:
    """Fill in where Spark, what else of Ilum is used, and the API server are."""
    from deploykit.deploy import describe
    from deploykit.deploy.discover import Cluster

    api = describe.parse_api_servers(asked.api_servers)
    cluster = None if asked.namespace is None else Cluster(asked.context, timeout=asked.timeout)
    deployment = _with_spark(deployment, cluster, asked)
    home = asked.ilum_namespace or deployment.namespace
    deployment = replace(deployment, ilum_namespace=asked.ilum_namespace or "")
    deployment = describe.with_services(deployment, asked.kinds, cluster=cluster, namespace=home)
    if asked.module:
        deployment = describe.with_database(deployment, cluster=cluster, namespace=home, say=output.talk)
    if not deployment.executor:
        return deployment
    output.talk(
        "The executor needs PostgreSQL: say in a values file of your own where it is, in "
        "mageai.database.existingSecret and networkPolicy.database.to."
    )
    if not api.cidrs and cluster is not None:
        api = describe.api_server(cluster, output.talk)
    if not api.cidrs:
        raise UsageError(
            "--executor needs the address of the Kubernetes API server",
            why="Mage starts worker pods through it, and the NetworkPolicies have to let it through",
            fix="--namespace NAMESPACE to ask the cluster, or --api-server ADDRESS:PORT",
        )
    return replace(deployment, api_server_cidrs=api.cidrs, api_server_ports=api.ports)


def _with_spark(deployment: Deployment, cluster: "Cluster | None", asked: _Asked) -> Deployment:
    from deploykit.deploy import describe

    address = None if asked.server is None else describe.address_for_values(asked.server)
    if cluster is not None and asked.namespace is not None:
        found = describe.from_cluster(deployment, cluster, asked.namespace, address, asked.labels, say=output.talk)
        output.talk(
            "The mage-ilum chart will make a Service: none leads to the Spark Connect driver and outlives its run."
            if found.create_service
            else f"Found Service {found.host}"
        )
        return found
    if address is None:
        raise UsageError("Nothing says where Spark runs", fix="--server sc://HOST:15002, or --namespace NAMESPACE")
    return describe.from_address(deployment, address, asked.labels)
