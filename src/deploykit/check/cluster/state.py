"""The state of the cluster around one connection: read once, by as few lists as it takes, and judged elsewhere."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain

from deploykit.deploy.locate import carries
from deploykit.deploy.policies import Network, load, read_labels, read_namespace
from deploykit.deploy.policies.dns import SYSTEM as DNS_NAMESPACES
from deploykit.deploy.policies.dns import is_known as has_dns
from deploykit.deploy.policies.mage_destinations import API_SERVER
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import Item, KubernetesApi

_OF_API_SERVER = f"kubernetes.io/service-name={API_SERVER[1]}"


@dataclass(frozen=True, kw_only=True)
class ClusterState:
    """What policies see, and the objects it was made from; what may not be read is told in `unread`."""

    network: Network
    objects: tuple[Item, ...]
    readable: frozenset[str]
    """The namespaces whose objects are here, all of them."""

    @property
    def unread(self) -> tuple[str, ...]:
        """A sentence for each thing that may not be read."""
        return self.network.unread

    def items(self, kind: str, namespace: str) -> list[Item]:
        """The objects of a kind in a namespace."""
        return [one for one in self.objects if one["kind"] == kind and one["metadata"].get("namespace") == namespace]

    def selected(self, namespace: str, selector: Mapping[str, str]) -> list[Item]:
        """The pods of a namespace with these labels, those too that have ended; the newest first."""
        pods = (pod for pod in self.items("Pod", namespace) if carries(labels(pod), selector))
        return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)


def read(api: KubernetesApi, namespaces: Iterable[str]) -> ClusterState:
    """The pods, Services and policies of these namespaces and of the cluster's DNS.

    Raises `UnreachableError` when none of the former may be read, or the API server does not answer.
    """
    asked = tuple(dict.fromkeys(filter(None, namespaces)))
    wanted = tuple(dict.fromkeys((*asked, *DNS_NAMESPACES)))
    with ThreadPoolExecutor(len(wanted) + 2) as pool:
        api_server, listed = pool.submit(_api_server, api), pool.submit(read_labels, api)
        answers = dict(zip(wanted, pool.map(lambda one: _read(api, one), wanted), strict=True))
    found = {name: answer for name, answer in answers.items() if not isinstance(answer, UnreachableError)}
    refused = {name: answer for name, answer in answers.items() if isinstance(answer, UnreachableError)}
    if not found.keys() & set(asked):
        raise refused[asked[0]]
    labelled = listed.result()
    objects = (*chain.from_iterable(found.values()), *labelled.objects, *api_server.result())
    network = load(objects)
    unread = (
        *(f"Namespace {name} may not be read: {refused[name].why}" for name in asked if name in refused),
        *(() if has_dns(network) else (f"The cluster's DNS was not seen, in {' or '.join(DNS_NAMESPACES)}.",)),
        *labelled.unread,
    )
    readable = frozenset(found)
    return ClusterState(network=replace(network, unread=unread, seen=readable), objects=objects, readable=readable)


def labels(item: Item) -> Mapping[str, str]:
    """The labels of an object."""
    found: Mapping[str, str] = item["metadata"].get("labels") or {}
    return found


def _read(api: KubernetesApi, namespace: str) -> tuple[Item, ...] | UnreachableError:
    try:
        return read_namespace(api, namespace)
    except UnreachableError as error:
        return error


def _api_server(api: KubernetesApi) -> tuple[Item, ...]:
    """The Service `kubernetes` and what is behind it; nothing where that may not be read."""
    services, slices = {"field_selector": f"metadata.name={API_SERVER[1]}"}, {"label_selector": _OF_API_SERVER}
    wanted = (("services", "Service", services), ("endpointslices.discovery.k8s.io", "EndpointSlice", slices))
    try:
        return tuple(
            {**item, "kind": kind}
            for resource, kind, selector in wanted
            for item in api.list_objects(resource, API_SERVER[0], **selector)
        )
    except UnreachableError:
        return ()
