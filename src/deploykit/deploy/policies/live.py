"""The objects of a running cluster that policies see."""

from collections.abc import Iterable
from dataclasses import dataclass

from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import EVERYWHERE, Item, KubernetesApi

_KINDS = {
    "pods": "Pod",
    "services": "Service",
    "networkpolicies.networking.k8s.io": "NetworkPolicy",
    "endpointslices.discovery.k8s.io": "EndpointSlice",
}


@dataclass(frozen=True)
class LiveObjects:
    """What was read, and a sentence for each thing that may not be read."""

    objects: tuple[Item, ...]
    unread: tuple[str, ...] = ()


def read_cluster(api: KubernetesApi, *, namespaces: Iterable[str] = ()) -> LiveObjects:
    """The pods, Services and policies of some namespaces or, with none, of the whole cluster.

    Raises `UnreachableError` when the API server does not answer or does not let you list these. The labels of
    namespaces are for whom may list them; without, each namespace has its name alone, and `unread` says so.
    """
    objects: list[Item] = []
    for namespace in tuple(namespaces) or (EVERYWHERE,):
        for resource, kind in _KINDS.items():
            objects += ({**item, "kind": kind} for item in api.list_objects(resource, namespace))
    try:
        objects += ({**item, "kind": "Namespace"} for item in api.list_objects("namespaces", EVERYWHERE))
    except UnreachableError as error:
        return LiveObjects(tuple(objects), (f"The labels of namespaces are not known: {error.why}",))
    return LiveObjects(tuple(objects))
