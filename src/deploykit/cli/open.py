"""`deploykit open`: a tunnel to Mage's page."""

import sys
from typing import TYPE_CHECKING

import click

from deploykit.cli import output
from deploykit.cli.seconds import Seconds
from mage_ilum.deadline import Deadline

if TYPE_CHECKING:
    from deploykit.deploy.mage_page import MagePage


@click.command()
@click.option(
    # A variable and a key of their own: the others' namespace is that of Spark.
    "--namespace",
    "--mage-namespace",
    "namespace",
    envvar="DEPLOYKIT_MAGE_NAMESPACE",
    default="mage",
    show_default=True,
    help="Mage's, not Spark's: the namespace that Mage runs in.",
)
@click.option("--release", envvar="DEPLOYKIT_RELEASE", help="The Helm release, where Mage runs there more than once.")
@click.option("--context", envvar="DEPLOYKIT_CONTEXT", help="The kubeconfig's context; the current one unless given.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="DEPLOYKIT_PORT",
    default=9777,
    show_default=True,
    help="The port of 127.0.0.1; 0 for any free one.",
)
@click.option(
    "--timeout",
    type=Seconds(),
    default=2.5,
    show_default=True,
    envvar="DEPLOYKIT_TIMEOUT",
    help="Seconds to wait for the cluster and the page, in all; the default ends the command within 3 without them.",
)
@output.format_option
def command(
    *, namespace: str, release: str | None, context: str | None, port: int, timeout: float, output_format: str
) -> None:
    """Open a tunnel to Mage's page, print its address, and hold it until Ctrl-C.

    The address is http://127.0.0.1:9777, and never http://localhost:9777: opened at the host name localhost, Mage's
    page calls port 6789, whatever port it came from, and stays empty. The tunnel finds Mage again after its pod was
    replaced.
    """
    import asyncio

    from deploykit.deploy.mage_page import MagePage
    from deploykit.kubernetes_api import KubernetesApi

    api = KubernetesApi(context, timeout=timeout)
    page = MagePage(api, namespace=namespace, release=release, seconds=timeout, say=output.talk)
    asyncio.run(_serve(page, namespace=namespace, port=port, seconds=timeout, output_format=output_format))


async def _serve(page: "MagePage", *, namespace: str, port: int, seconds: float, output_format: str) -> None:
    import asyncio

    from deploykit.deploy.tunnel import HOST, listen

    server = await listen(port, page.dial)
    try:
        pod = await page.check(Deadline(seconds))
        url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}{pod.base_path}"
        if output_format == "json":
            output.data_json({"url": url, "namespace": namespace, "release": pod.release, "pod": pod.name})
        else:
            output.data(url)
        sys.stdout.flush()
        output.talk(f"Mage of release {pod.release} is at this address until Ctrl-C. Not at localhost: see --help.")
        await asyncio.Event().wait()
    finally:
        server.close()
