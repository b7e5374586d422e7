"""What a rule or a Service names and a network does not show: a pod or an address that stands for it. Pure."""

from deploykit.deploy.policies.model import NAMESPACE_NAME, Address, IPBlock, Network, Pod, PodPeer
from deploykit.deploy.policies.selector import Selector


def pod(network: Network, peer: PodPeer, home: str) -> Pod | None:
    """A pod as a rule of a policy in namespace `home` names it; `None` where nobody can be what it asks for."""
    namespace = home if peer.namespaces is None else _namespace(network, peer.namespaces)
    labels = None if peer.pods is None else labelled(peer.pods)
    if namespace is None or (peer.pods is not None and labels is None):
        return None
    return Pod(namespace=namespace, name=",".join((labels or {}).values()) or "any-pod", labels=labels or {})


def labelled(selector: Selector) -> dict[str, str] | None:
    """Labels that a selector matches, no more of them than it asks for; `None` where it contradicts itself."""
    labels = {
        one.key: one.values[0] if one.operator == "In" else "any"
        for one in selector.requirements
        if one.operator in ("In", "Exists")
    }
    return labels if selector.matches(labels) else None


def address(block: IPBlock) -> Address | None:
    """An address of a block that none of its exceptions takes out."""
    first = block.cidr.network_address + (1 if block.cidr.num_addresses > 2 else 0)
    last = int(block.cidr.broadcast_address)
    after = (hole.broadcast_address + 1 for hole in block.excepts if int(hole.broadcast_address) < last)
    return next((one for one in (first, *after) if block.holds(one)), None)


def _namespace(network: Network, selector: Selector) -> str | None:
    named = labelled(selector)
    known = named.get(NAMESPACE_NAME, "default") if named is not None else "default"
    candidates = (known, *sorted(network.known_namespaces))
    return next((name for name in candidates if selector.matches(network.namespace_labels(name))), None)
