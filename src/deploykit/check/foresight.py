"""What policies will allow: from manifests, what the chart would install, what a cluster has, or all of these."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploykit.check.cluster.state import read
from deploykit.deploy.policies import Network, load, mage_kinds, named_by, read_files, read_yaml
from deploykit.deploy.policies.allowed import Allowed, allowed
from deploykit.deploy.policies.dialled import Dialled, dialled
from deploykit.deploy.policies.mage_destinations import SPARK
from deploykit.errors import UsageError
from deploykit.files import read_text
from deploykit.kubernetes_api import Item, KubernetesApi
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.errors import AddressError


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What to look at. Of two objects with one name the chart's counts, then the manifests', then the cluster's."""

    manifests: tuple[Path, ...] = ()
    """Files and folders."""
    text: str = ""
    """More manifests: what was read from standard input."""
    values: Path | None = None
    """The chart is rendered with these."""
    release: str = "mage"
    namespace: str = "mage"
    """Mage's, and that of manifests that name none."""
    server: str | None = None
    """Where Spark is, for pods that have its address from a Secret."""
    also: tuple[str, ...] = ()
    """More namespaces of the cluster than Mage's, and those that its pods go to."""


def foresee(sources: Sources, *, api: KubernetesApi | None = None) -> Allowed:
    """Judge Mage's kinds of pods in all of it; `api` is the cluster to mix in.

    Raises `UsageError` for what cannot be read or rendered, or where nothing in it is of Mage, `UnreachableError` for a
    cluster that does not answer.
    """
    objects = [*read_files(*sources.manifests), *read_yaml(sources.text, source="standard input"), *_chart(sources)]
    shown = bool(sources.manifests or sources.text)  # what is in none of them is not there, as far as they go
    spark = _spark(sources)
    if api is None:
        network = load(objects, namespace=sources.namespace, seen=None if shown else frozenset())
    else:
        network = _beside(api, objects, sources.namespace, {*sources.also, *(one.namespace for one in spark.values())})
    found = allowed(network, namespace=sources.namespace, named=spark)
    if not found.kinds:
        raise UsageError(
            f"Nothing here is of Mage in namespace {sources.namespace}.",
            why="No pod, workload or policy there has one of the labels of Mage's pods.",
            fix="name Mage's namespace, and its manifests or its values",
        )
    return found


def _chart(sources: Sources) -> list[Item]:
    if sources.values is None:
        return []
    from deploykit.deploy import chart

    text = read_text(sources.values)
    documents = chart.render(text, release=sources.release, namespace=sources.namespace)
    return read_yaml("---\n".join(documents), source="what helm renders")


def _spark(sources: Sources) -> dict[str, Dialled]:
    if not sources.server:
        return {}
    try:
        address = ConnectAddress.parse(sources.server)
    except AddressError as error:
        raise UsageError(error.what, why=error.why, fix=error.fix) from None
    return {SPARK: dialled(address.host, address.port, home=sources.namespace)}


def _beside(api: KubernetesApi, objects: Sequence[Item], namespace: str, also: Collection[str]) -> Network:
    """The network with the cluster's own objects, of Mage's namespace and of those that its pods go to."""
    state = read(api, [namespace, *also, *_homes(objects, namespace)])
    known = state.readable
    further = [home for home in _homes([*state.objects, *objects], namespace) if home not in known]
    if further:
        state = read(api, [*known, *further])
    return load([*state.objects, *objects], namespace=namespace, unread=state.unread, seen=state.readable)


def _homes(objects: Iterable[Item], namespace: str) -> list[str]:
    kinds = mage_kinds(load(objects, namespace=namespace), namespace)
    return [wanted.namespace for wanted in named_by(kinds).values() if wanted.namespace]
