"""From a NetworkPolicy in JSON to a `Policy`: defaults are filled in, and what the API server refuses is refused."""

import ipaddress
from collections.abc import Mapping
from typing import cast

from deploykit.deploy.policies import fields
from deploykit.deploy.policies.model import Block, Direction, IPBlock, PodPeer, Policy, PolicyPort, Protocol, Rule
from deploykit.deploy.policies.selector import Operator, Requirement, Selector
from deploykit.kubernetes_api import Item

_TYPES = ("Ingress", "Egress")
_PEERS = {"ingress": "from", "egress": "to"}


def policy(item: Item, namespace: str) -> Policy:
    """A NetworkPolicy; `namespace` is where it goes when it does not say so itself."""
    spec = fields.mapping(item.get("spec"), "spec")
    given = fields.sequence(spec.get("policyTypes"), "spec.policyTypes")
    if any(one not in _TYPES for one in given):
        raise fields.invalid("spec.policyTypes", f"may hold Ingress and Egress only: {list(given)}")
    ingress, egress = _rules(spec, "ingress"), _rules(spec, "egress")
    # "all policies (whether or not they contain an ingress section) are assumed to affect ingress"
    types = given or (_TYPES if egress else _TYPES[:1])
    return Policy(
        namespace=item["metadata"].get("namespace") or namespace,
        name=item["metadata"]["name"],
        pods=selector(spec.get("podSelector"), "spec.podSelector"),
        ingress=ingress if "Ingress" in types else None,
        egress=egress if "Egress" in types else None,
        types_given=bool(given),
    )


def selector(value: object, path: str) -> Selector:
    """A label selector."""
    parts = fields.mapping(value, path)
    wanted = fields.labels(parts.get("matchLabels"), f"{path}.matchLabels")
    expressions = fields.items(parts.get("matchExpressions"), f"{path}.matchExpressions")
    return Selector((*Selector.labels(wanted).requirements, *(_requirement(*one) for one in expressions)))


def protocol(value: object, path: str) -> Protocol:
    """A protocol; TCP when there is none."""
    if value is None:
        return "TCP"
    if value not in ("TCP", "UDP", "SCTP"):
        raise fields.invalid(path, f"is none of TCP, UDP and SCTP: {value!r}")
    return value


def _requirement(value: Item, path: str) -> Requirement:
    operator = value.get("operator")
    values = tuple(fields.text(one, f"{path}.values") for one in fields.sequence(value.get("values"), f"{path}.values"))
    if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
        raise fields.invalid(f"{path}.operator", f"is none of In, NotIn, Exists and DoesNotExist: {operator!r}")
    if bool(values) != (operator in ("In", "NotIn")):
        raise fields.invalid(f"{path}.values", f"must {'be empty' if values else 'not be empty'} with {operator}")
    key = fields.text(value.get("key"), f"{path}.key")
    if not key:
        raise fields.invalid(f"{path}.key", "is missing")
    return Requirement(key, cast(Operator, operator), values)


def _rules(spec: Item, direction: Direction) -> tuple[Rule, ...]:
    name = _PEERS[direction]
    return tuple(
        Rule(
            peers=tuple(_peer(*one) for one in fields.items(value.get(name), f"{path}.{name}")),
            ports=tuple(_port(*one) for one in fields.items(value.get("ports"), f"{path}.ports")),
        )
        for value, path in fields.items(spec.get(direction), f"spec.{direction}")
    )


def _peer(value: Item, path: str) -> PodPeer | IPBlock:
    block, pods, namespaces = (value.get(key) for key in ("ipBlock", "podSelector", "namespaceSelector"))
    if block is not None:
        if pods is not None or namespaces is not None:
            raise fields.invalid(path, "may not have ipBlock together with a selector")
        return _block(fields.mapping(block, f"{path}.ipBlock"), f"{path}.ipBlock")
    if pods is None and namespaces is None:
        raise fields.invalid(path, "is empty; `podSelector: {}` means all pods of the policy's namespace")
    return PodPeer(
        pods=None if pods is None else selector(pods, f"{path}.podSelector"),
        namespaces=None if namespaces is None else selector(namespaces, f"{path}.namespaceSelector"),
    )


def _block(value: Mapping[str, object], path: str) -> IPBlock:
    cidr = _network(value.get("cidr"), f"{path}.cidr")
    excepts = tuple(_network(one, f"{path}.except") for one in fields.sequence(value.get("except"), f"{path}.except"))
    for hole in excepts:
        if hole.version != cidr.version or hole == cidr or not cidr.supernet_of(hole):  # type: ignore[arg-type] # of one version
            raise fields.invalid(f"{path}.except", f"must be inside {cidr}, and smaller: {hole}")
    return IPBlock(cidr, excepts)


def _network(value: object, path: str) -> Block:
    try:
        if not isinstance(value, str) or "/" not in value:
            raise ValueError
        return ipaddress.ip_network(value, strict=False)  # the API server accepts 10.1.2.3/24
    except ValueError:
        raise fields.invalid(path, f"is no address range such as 10.0.0.0/8: {value!r}") from None


def _port(value: Item, path: str) -> PolicyPort:
    number, end = value.get("port"), value.get("endPort")
    found = None if number is None else fields.port(number, f"{path}.port")
    if end is not None:
        fields.port_number(end, f"{path}.endPort")
        if not isinstance(found, int) or end < found:
            raise fields.invalid(f"{path}.endPort", "needs a numeric port that is not greater")
    return PolicyPort(protocol(value.get("protocol"), f"{path}.protocol"), found, end)
