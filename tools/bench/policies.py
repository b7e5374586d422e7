"""The NetworkPolicy evaluator: the table of Mage's pods in a large cluster, and how its time grows."""

import time
from typing import Any

from row import Row

from deploykit.deploy.policies import Destination, dns_destinations, load, mage_pods, table
from deploykit.kubernetes_api import Item

PODS, POLICIES, NAMESPACES, APPS = 2000, 500, 40, 8
KINDS = ("server", "scheduler", "worker", "test", "drift-check")


def table_time() -> list[Row]:
    """Every kind of Mage pod against every pod and Service, and against a cluster of half the size."""
    half, whole = _seconds(PODS // 2, POLICIES // 2), _seconds(PODS, POLICIES)
    growth = whole / half
    return [
        Row(
            f"table of {len(KINDS)} kinds, {PODS} pods, {POLICIES} policies",
            f"{whole:.2f} s",
            bar="< 1 s",
            holds=whole < 1,
        ),
        Row("  its growth, twice the pods and policies", f"x {growth:.1f}", bar="< x 4", holds=growth < 4),
    ]


def _seconds(pods: int, policies: int) -> float:
    """Of processor time, so that what else runs counts less; the reading of the objects included."""
    objects = _cluster(pods, policies)
    start = time.process_time()
    network = load(objects)
    columns = [
        *dns_destinations(network),
        *(Destination(name=str(pod), target=pod, port=8080) for pod in network.pods),
        *(Destination(name=f"service {one}", target=one, port=80) for one in network.services),
    ]
    table(network, kinds=mage_pods(network), destinations=columns)
    return time.process_time() - start


def _cluster(pods: int, policies: int) -> list[Item]:
    return [
        *({"kind": "Namespace", "metadata": {"name": f"n{number}"}} for number in range(NAMESPACES)),
        *map(_pod, range(pods)),
        *map(_service, range(pods // 20)),
        *map(_policy, range(policies)),
        *(_mage(kind) for kind in KINDS),
    ]


def _home(number: int) -> dict[str, str]:
    return {"name": f"o{number}", "namespace": f"n{number % NAMESPACES}"}


def _app(number: int) -> dict[str, str]:
    return {"app": f"a{number // NAMESPACES % APPS}"}


def _pod(number: int) -> Item:
    labels = _app(number) | {"pod-template-hash": str(number)}
    container = {"name": "main", "ports": [{"name": "http", "containerPort": 8080}]}
    status = {"podIP": f"10.0.{number // 250}.{number % 250 + 1}"}
    return {
        "kind": "Pod",
        "metadata": {**_home(number), "labels": labels},
        "spec": {"containers": [container]},
        "status": status,
    }


def _service(number: int) -> Item:
    spec = {"selector": _app(number), "ports": [{"port": 80, "targetPort": 8080}]}
    return {"kind": "Service", "metadata": _home(number), "spec": spec}


def _policy(number: int) -> Item:
    """Every fifth selects its whole namespace; each has rules by labels, by namespace and by address."""
    team = {"matchLabels": {"kubernetes.io/metadata.name": f"n{number * 7 % NAMESPACES}"}}
    callers = [{"namespaceSelector": team, "podSelector": {"matchLabels": _app(number * 3)}}]
    block = {"cidr": "10.0.0.0/8", "except": [f"10.0.{number % 250}.0/24"]}
    spec: dict[str, Any] = {
        "podSelector": {} if number % 5 == 0 else {"matchLabels": _app(number)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": callers, "ports": [{"port": 8080}, {"port": "http"}]}],
        "egress": [{"to": [{"namespaceSelector": team}]}, {"to": [{"ipBlock": block}], "ports": [{"port": 8080}]}],
    }
    return {"kind": "NetworkPolicy", "metadata": _home(number), "spec": spec}


def _mage(kind: str) -> Item:
    labels = {"app.kubernetes.io/name": "mage-ilum", "app.kubernetes.io/component": kind, "app": "a0"}
    spec = {"template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}
    return {"kind": "Deployment", "metadata": {"name": f"mage-{kind}", "namespace": "n0"}, "spec": spec}
