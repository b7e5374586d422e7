"""Platforms: what Python calls a machine and what container engines call it."""

import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def host_platform() -> str:
    """The platform of this machine; Linux on its processor where this is not Linux."""
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
    return MACHINES.get(machine, "linux/amd64")


def of_nodes(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The platforms of a cluster's nodes that an image can be for, that of most of them first."""
    facts = (node["status"]["nodeInfo"] for node in nodes)
    found = Counter(f"{fact['operatingSystem']}/{fact['architecture']}" for fact in facts)
    return [name for name, _ in found.most_common() if name in MACHINES.values()]
