"""Platforms: what Python calls a machine and what container engines call it."""

import platform

MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def host_platform() -> str:
    """The platform of this machine; Linux on its processor where this is not Linux."""
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
    return MACHINES.get(machine, "linux/amd64")
