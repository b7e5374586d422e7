"""From pods in JSON, and from what will make pods, to `Pod`s."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from deploykit.deploy.policies import fields
from deploykit.deploy.policies.model import JOB_LABELS, Address, ContainerPort, Pod
from deploykit.deploy.policies.read_policy import protocol
from deploykit.kubernetes_api import Item

TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob")
"""What makes pods from a template: each stands for one pod, named such as `deployment/mage`."""

MAGE_EXECUTOR = "executor.yaml"
"""The key of the ConfigMap that tells Mage's Kubernetes executor which labels the pods of its Jobs have."""


def pods(item: Item, namespace: str) -> Iterator[Pod]:
    """The pod, or the pod that a workload makes; none for pods that have ended."""
    kind, metadata = item["kind"], item["metadata"]
    home, name = metadata.get("namespace") or namespace, metadata["name"]
    if kind == "Pod":
        if fields.mapping(item.get("status"), "status").get("phase") not in ("Succeeded", "Failed"):
            yield _pod(item, home, name)
    elif kind == "ConfigMap":
        config = _executor(item)
        if config is not None:
            # Mage gives these labels to the Job's pods, and the API server those of a Job.
            yield _pod({"metadata": config.get("metadata")}, home, f"job/{name}", _job_labels(name))
    elif not any(one.get("controller") for one, _ in fields.items(metadata.get("ownerReferences"), "ownerReferences")):
        spec = fields.mapping(item.get("spec"), "spec")
        if kind == "CronJob":
            spec = fields.mapping(fields.mapping(spec.get("jobTemplate"), "spec.jobTemplate").get("spec"), "spec")
        added = _job_labels(name) if kind in ("Job", "CronJob") else {}
        yield _pod(fields.mapping(spec.get("template"), "spec.template"), home, f"{kind.lower()}/{name}", added)


def _pod(item: Item, namespace: str, name: str, more: dict[str, str] | None = None) -> Pod:
    metadata, spec = fields.mapping(item.get("metadata"), "metadata"), fields.mapping(item.get("spec"), "spec")
    status = fields.mapping(item.get("status"), "status")
    sidecars = [
        one for one in fields.items(spec.get("initContainers"), "initContainers") if one[0].get("restartPolicy")
    ]
    containers = [*fields.items(spec.get("containers"), "containers"), *sidecars]
    return Pod(
        namespace=namespace,
        name=name,
        labels=fields.labels(metadata.get("labels"), "metadata.labels") | (more or {}),
        addresses=_addresses(status, "podIPs", "podIP"),
        ports=tuple(
            ContainerPort(
                fields.port_number(port.get("containerPort"), f"{where}.containerPort"),
                fields.text(port.get("name"), f"{where}.name"),
                protocol(port.get("protocol"), f"{where}.protocol"),
            )
            for container, path in containers
            for port, where in fields.items(container.get("ports"), f"{path}.ports")
        ),
        environment={
            variable["name"]: variable["value"]
            for container, path in reversed(containers)
            for variable, _ in fields.items(container.get("env"), f"{path}.env")
            if isinstance(variable.get("name"), str) and isinstance(variable.get("value"), str)
        },
        host_network=bool(spec.get("hostNetwork")),
        node=fields.text(spec.get("nodeName"), "spec.nodeName"),
        node_addresses=_addresses(status, "hostIPs", "hostIP"),
    )


def _addresses(status: Item, many: str, one: str) -> tuple[Address, ...]:
    listed = [entry.get("ip") for entry, _ in fields.items(status.get(many), many)] or [status.get(one)]
    return tuple(ipaddress.ip_address(address) for address in listed if address)


def _job_labels(name: str) -> dict[str, str]:
    return dict.fromkeys(JOB_LABELS, name)


def _executor(item: Item) -> dict[str, Any] | None:
    import yaml

    text = fields.mapping(item.get("data"), "data").get(MAGE_EXECUTOR)
    try:
        config = yaml.safe_load(text) if isinstance(text, str) else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return config if isinstance(config, dict) else None
