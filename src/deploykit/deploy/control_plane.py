"""Where addresses do not name the API server for long, or at all, and what to do there. Pure."""

import ipaddress
from collections.abc import Set

CILIUM_LABELS = "k8s-app=cilium"
"""The pods of Cilium, also where a provider installs it under another name (GKE's Dataplane V2)."""


def warnings(cidrs: tuple[str, ...], *, nodes: Set[str] | None, cilium: bool) -> list[str]:
    """Sentences on policies that name these addresses; `nodes` are the nodes' own, `None` where nobody may say."""
    said = []
    if _is_elsewhere(cidrs, nodes):
        said.append(
            f"The API server's addresses ({', '.join(cidrs)}) belong to no node, as where a provider runs the control "
            "plane: they may change. Run `deploykit values` again when scheduled runs no longer start, or let the "
            "whole subnet of the control plane in by networkPolicy.apiServer.cidrs."
        )
    if cilium:
        said.append(
            "Cilium runs here: unless told otherwise, it does not match addresses in policies against nodes and an "
            "API server on them. If the executor starts no pods, set networkPolicy.apiServer.cilium, or Cilium's own "
            "policyCIDRMatchMode to nodes."
        )
    return said


def _is_elsewhere(cidrs: tuple[str, ...], nodes: Set[str] | None) -> bool:
    addresses = [ipaddress.ip_network(cidr).network_address for cidr in cidrs]
    if nodes is None:  # a public address is hardly ever a node's
        return any(address.is_global for address in addresses)
    return any(str(address) not in nodes for address in addresses)
