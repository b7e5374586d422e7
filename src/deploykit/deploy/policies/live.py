"""The objects of a running cluster that policies see."""

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


def read_namespace(api: KubernetesApi, namespace: str) -> tuple[Item, ...]:
    """The pods, Services and policies of a namespace or, with `EVERYWHERE`, of the whole cluster.

    Raises `UnreachableError` when the API server does not answer or does not let you list these.
    """
    return tuple(
        {**item, "kind": kind} for resource, kind in _KINDS.items() for item in api.list_objects(resource, namespace)
    )


def read_labels(api: KubernetesApi) -> LiveObjects:
    """The namespaces, which have the labels that policies ask for.

    They are for whom may list them; without, each namespace has its name alone, and `unread` says so.
    """
    try:
        return LiveObjects(tuple({**item, "kind": "Namespace"} for item in api.list_objects("namespaces", EVERYWHERE)))
    except UnreachableError as error:
        return LiveObjects((), (f"The labels of namespaces are not known: {error.why}",))
