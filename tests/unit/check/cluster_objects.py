"""Objects as the Kubernetes API gives them: one release of Mage, one Spark driver, and DNS."""

from collections.abc import Mapping
from typing import Any

from deploykit.check.cluster.state import ClusterState
from deploykit.deploy.policies import load

NOW = "2026-11-23T05:00:00Z"
LONG_AGO = "2026-11-23T01:00:00Z"
DRIVER = {"spark-role": "driver", "spark-app-name": "connect", "spark-app-selector": "spark-1"}
RELEASE = {"app.kubernetes.io/name": "mage-ilum", "app.kubernetes.io/instance": "mage"}
SERVER = {**RELEASE, "app.kubernetes.io/component": "server"}
RUNNING = {"state": {"running": {"startedAt": LONG_AGO}}}


def pod(
    namespace: str,
    name: str,
    labels: Mapping[str, str],
    *,
    address: str = "",
    container: Mapping[str, Any] = RUNNING,
    ready: bool = True,
    **spec: object,
) -> dict[str, Any]:
    statuses = [{"name": "main", **container}] if container else []
    phase = "Failed" if "terminated" in container.get("state", {}) else "Running" if container else "Pending"
    return {
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "labels": dict(labels), "creationTimestamp": LONG_AGO},
        "spec": {"containers": [{"name": "main", "image": "mage:1"}], **spec},
        "status": {
            "phase": phase,
            "podIP": address,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": statuses,
        },
    }


def service(
    namespace: str,
    name: str,
    selector: Mapping[str, str],
    *,
    port: int = 15002,
    target: int = 15002,
    ip: str = "10.96.0.9",
) -> dict[str, Any]:
    spec = {
        "selector": dict(selector),
        "clusterIP": ip,
        "ports": [{"port": port, "targetPort": target, "protocol": "TCP"}],
    }
    return {"kind": "Service", "metadata": {"namespace": namespace, "name": name}, "spec": spec}


def policy(namespace: str, name: str, labels: Mapping[str, str], **rules: object) -> dict[str, Any]:
    types = [direction.capitalize() for direction in rules]
    spec = {"podSelector": {"matchLabels": dict(labels)}, "policyTypes": types, **rules}
    return {"kind": "NetworkPolicy", "metadata": {"namespace": namespace, "name": name}, "spec": spec}


DNS = [
    pod("kube-system", "coredns", {"k8s-app": "kube-dns"}, address="10.0.0.53"),
    {
        "kind": "Service",
        "metadata": {"namespace": "kube-system", "name": "kube-dns"},
        "spec": {
            "selector": {"k8s-app": "kube-dns"}, "clusterIP": "10.96.0.10",
            "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
        },
    },
]  # fmt: skip
MAGE = pod("mage", "mage-1", SERVER, address="10.0.0.1")
SPARK = pod("ilum", "connect-driver", DRIVER, address="10.0.0.2")


def state(*objects: Mapping[str, Any], unreadable: str = "") -> ClusterState:
    every = (*DNS, *objects)
    readable = frozenset({"mage", "ilum", "kube-system"} - {unreadable})
    unread = [f"Namespace {unreadable} may not be read: no rights."] if unreadable else []
    kept = tuple(one for one in every if one["metadata"]["namespace"] in readable)
    return ClusterState(network=load(kept, unread=unread, seen=readable), objects=kept, readable=readable)
