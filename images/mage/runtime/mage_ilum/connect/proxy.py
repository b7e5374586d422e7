"""Whether gRPC, and so PySpark, goes through an HTTP proxy: it obeys the usual variables."""

import ipaddress
import os
from collections.abc import Mapping


def proxy_variable(host: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The name of the variable whose proxy gRPC uses for this host, in gRPC's order; `None` where it goes straight."""
    name = next((name for name in ("grpc_proxy", "https_proxy", "http_proxy") if environment.get(name)), None)
    if name is None:
        return None
    exceptions = environment.get("no_grpc_proxy") or environment.get("no_proxy") or ""
    straight = any(_matches(host, entry.strip()) for entry in exceptions.split(","))
    return None if straight else name


def _matches(host: str, entry: str) -> bool:
    if not entry:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return host.endswith(entry)  # as gRPC does it: a suffix, with or without a leading dot
