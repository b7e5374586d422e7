"""A second evaluator, deliberately naive: straight from the API reference to nested loops over JSON.

It shares nothing with the product's: no data model, no look-ups, addresses as strings of bits.
"""

import ipaddress
from typing import Any

Json = dict[str, Any]
End = tuple[Json | str, str]
"""A pod, or an address that is no pod's, and the address that it has in this connection."""


def allowed(objects: list[Json], *, source: End, target: End, port: int, protocol: str) -> bool:
    """May `source` open a connection to a port of `target`?"""
    for direction, (here, _), there in (("Egress", source, target), ("Ingress", target, source)):
        if isinstance(here, str) or here["spec"].get("hostNetwork") or here is there[0]:
            continue
        if direction == "Ingress" and on_node_of(there, here):
            continue
        isolating = [policy for policy in objects if isolates(policy, here, direction)]
        if isolating and not any(
            permits(objects, policy, rule, there) and is_any_port(rule, target[0], port, protocol)
            for policy in isolating
            for rule in policy["spec"].get(direction.lower(), [])
        ):
            return False
    return True


def on_node_of(there: End, here: Json) -> bool:
    what, address = there
    if any(entry["ip"] == address for entry in here["status"]["hostIPs"]):
        return True
    if isinstance(what, str) or not what["spec"].get("hostNetwork"):
        return False
    return what["spec"]["nodeName"] == here["spec"]["nodeName"]


def isolates(policy: Json, pod: Json, direction: str) -> bool:
    if policy["kind"] != "NetworkPolicy" or policy["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    types = policy["spec"].get("policyTypes")
    if not types:
        types = ["Ingress"]
        if policy["spec"].get("egress"):
            types = ["Ingress", "Egress"]
    return direction in types and selected(policy["spec"]["podSelector"], pod["metadata"]["labels"])


def selected(selector: Json, labels: Json) -> bool:
    for key in selector.get("matchLabels", {}):
        if key not in labels or labels[key] != selector["matchLabels"][key]:
            return False
    for term in selector.get("matchExpressions", []):
        has = term["key"] in labels
        fits = has and labels[term["key"]] in term.get("values", [])
        if term["operator"] == "Exists" and not has:
            return False
        if term["operator"] == "DoesNotExist" and has:
            return False
        if term["operator"] == "In" and not fits:
            return False
        if term["operator"] == "NotIn" and fits:
            return False
    return True


def permits(objects: list[Json], policy: Json, rule: Json, there: End) -> bool:
    peers = rule.get("from", []) + rule.get("to", [])
    return not peers or any(is_peer(objects, policy, peer, *there) for peer in peers)


def is_any_port(rule: Json, target: Json | str, port: int, protocol: str) -> bool:
    ports = rule.get("ports", [])
    return not ports or any(is_port(item, target, port, protocol) for item in ports)


def is_peer(objects: list[Json], policy: Json, peer: Json, there: Json | str, there_ip: str) -> bool:
    if "ipBlock" in peer:
        if not inside(there_ip, peer["ipBlock"]["cidr"]):
            return False
        return not any(inside(there_ip, hole) for hole in peer["ipBlock"].get("except", []))
    if isinstance(there, str) or there["spec"].get("hostNetwork"):
        return False
    home = there["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        [labels] = [
            {**item["metadata"]["labels"], "kubernetes.io/metadata.name": home}
            for item in objects
            if item["kind"] == "Namespace" and item["metadata"]["name"] == home
        ]
        if not selected(peer["namespaceSelector"], labels):
            return False
    elif home != policy["metadata"]["namespace"]:
        return False
    return selected(peer.get("podSelector", {}), there["metadata"]["labels"])


def inside(address: str, cidr: str) -> bool:
    network, length = cidr.split("/")
    if (":" in address) != (":" in network):
        return False
    return bits(address)[: int(length)] == bits(network)[: int(length)]


def bits(address: str) -> str:
    return "".join(f"{byte:08b}" for byte in ipaddress.ip_address(address).packed)


def is_port(item: Json, target: Json | str, port: int, protocol: str) -> bool:
    if item.get("protocol", "TCP") != protocol:
        return False
    if "port" not in item:
        return True
    if isinstance(item["port"], int):
        return port in range(item["port"], item.get("endPort", item["port"]) + 1)
    if isinstance(target, str) or target["spec"].get("hostNetwork"):
        return False
    for container in target["spec"]["containers"]:
        for declared in container.get("ports", []):
            same_name = declared.get("name") == item["port"] and declared.get("protocol", "TCP") == protocol
            if same_name and declared["containerPort"] == port:
                return True
    return False
