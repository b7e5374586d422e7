"""Random pods and policies, as the Kubernetes API has them: JSON. One seed, one world."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Json = dict[str, Any]

POD_LABELS = {"app": ("a", "b"), "tier": ("1", "2")}
NAMESPACE_LABELS = {"team": ("x", "y")}


@dataclass(frozen=True)
class Vocabulary:
    """What random policies may name."""

    pod_labels: Mapping[str, Sequence[str]]
    namespace_labels: Mapping[str, Sequence[str]]
    numbers: Sequence[int]
    names: Sequence[str]
    protocols: Sequence[str]
    blocks: Sequence[str]
    """CIDRs that hold addresses of the world's pods; smaller ones inside greater ones make exceptions."""


def labels(random: Random, known: Mapping[str, Sequence[str]]) -> Json:
    """Each label with some value, or missing."""
    return {key: random.choice(values) for key, values in known.items() if random.random() < 0.7}


def selector(random: Random, known: Mapping[str, Sequence[str]]) -> Json:
    """A label selector of any form that the API server accepts."""
    found: Json = {}
    if random.random() < 0.5:
        found["matchLabels"] = {key: random.choice(known[key]) for key in random.sample(sorted(known), k=1)}
    if random.random() < 0.4:
        found["matchExpressions"] = [_expression(random, known) for _ in range(random.choice((1, 1, 2)))]
    return found


def _expression(random: Random, known: Mapping[str, Sequence[str]]) -> Json:
    key = random.choice([*known, "nowhere"])
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    values = known.get(key, ("z",))
    if operator in ("Exists", "DoesNotExist"):
        return {"key": key, "operator": operator}
    return {"key": key, "operator": operator, "values": random.sample(list(values), k=random.randint(1, len(values)))}


def peer(random: Random, words: Vocabulary) -> Json:
    """Pods, namespaces, both, or a block."""
    match random.choice(("pods", "namespaces", "both", "block")):
        case "pods":
            return {"podSelector": selector(random, words.pod_labels)}
        case "namespaces":
            return {"namespaceSelector": selector(random, words.namespace_labels)}
        case "both":
            return {
                "podSelector": selector(random, words.pod_labels),
                "namespaceSelector": selector(random, words.namespace_labels),
            }
    return {"ipBlock": block(random, words)}


def block(random: Random, words: Vocabulary) -> Json:
    """A CIDR, perhaps with an exception inside."""
    cidr = ipaddress.ip_network(random.choice(words.blocks))
    inside = [
        text
        for text in words.blocks
        if (other := ipaddress.ip_network(text)).version == cidr.version and other != cidr and other.subnet_of(cidr)
    ]
    found: Json = {"cidr": str(cidr)}
    if inside and random.random() < 0.5:
        found["except"] = random.sample(inside, k=random.randint(1, min(2, len(inside))))
    return found


def port(random: Random, words: Vocabulary) -> Json:
    """A port by number, name or range, or all ports of a protocol."""
    found: Json = {}
    if random.random() < 0.8:
        found["protocol"] = random.choice(words.protocols)
    match random.choice(("number", "number", "name", "range", "all")):
        case "number":
            found["port"] = random.choice(words.numbers)
        case "name":
            found["port"] = random.choice(words.names)
        case "range":
            first, last = sorted(random.choices(words.numbers, k=2))
            found |= {"port": first, "endPort": last}
    return found


def rule(random: Random, words: Vocabulary, peers: str) -> Json:
    """Peers and ports, each given, empty or missing."""
    found: Json = {}
    if random.random() < 0.8:
        found[peers] = [peer(random, words) for _ in range(random.choice((0, 1, 1, 1, 2)))]
    if random.random() < 0.6:
        found["ports"] = [port(random, words) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    return found


def policy(random: Random, words: Vocabulary, *, namespace: str, name: str) -> Json:
    """A NetworkPolicy of any form that the API server accepts."""
    spec: Json = {"podSelector": selector(random, words.pod_labels)}
    types = random.choice((None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Ingress", "Egress"]))
    if types is not None:
        spec["policyTypes"] = types
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if random.random() < 0.8:
            spec[direction] = [rule(random, words, peers) for _ in range(random.choice((0, 1, 1, 2)))]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def policies(random: Random, words: Vocabulary, namespaces: Sequence[str]) -> list[Json]:
    """One set: up to three policies in each namespace."""
    return [
        policy(random, words, namespace=namespace, name=f"p{number}")
        for namespace in namespaces
        for number in range(random.randint(0, 3))
    ]


EVERYTHING = Vocabulary(
    pod_labels=POD_LABELS,
    namespace_labels=NAMESPACE_LABELS,
    numbers=(7001, 7002, 7003, 7004),
    names=("web", "dns"),
    protocols=("TCP", "UDP", "SCTP"),
    blocks=(
        "10.0.0.0/24", "10.0.0.0/29", "10.0.0.2/32", "10.0.0.4/31", "0.0.0.0/0", "192.168.0.0/30", "192.168.0.1/32",
        "fd00::/64", "fd00::2/127", "fd00::4/126", "::/0", "2001:db8::/32", "203.0.113.0/24", "203.0.113.9/32",
    ),
)  # fmt: skip


def world(seed: int) -> list[Json]:
    """Namespaces, pods of every kind and policies: dual stack, one family, on the host's network, without addresses."""
    random = Random(seed)
    names = ["one", "two", "three"][: random.randint(1, 3)]
    found: list[Json] = [
        {"kind": "Namespace", "metadata": {"name": name, "labels": labels(random, NAMESPACE_LABELS)}} for name in names
    ]
    found += [_pod(random, number, random.choice(names)) for number in range(1, random.randint(3, 7))]
    return found + policies(random, EVERYTHING, names)


def _pod(random: Random, number: int, namespace: str) -> Json:
    node = random.randint(1, 2)
    host = random.random() < 0.15
    own = (
        {"v4": f"192.168.0.{node}", "v6": f"fd01::{node}"}
        if host
        else {"v4": f"10.0.0.{number}", "v6": f"fd00::{number}"}
    )
    families = random.choice((("v4",), ("v4",), ("v6",), ("v4", "v6")))
    addresses = [{"ip": own[family]} for family in families]
    named = [
        {
            "containerPort": random.choice((7001, 7002, 7003)),
            "name": name,
            "protocol": random.choice(("TCP", "UDP", "SCTP")),
        }
        for name in ("web", "dns")
        if random.random() < 0.7
    ]
    return {
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "namespace": namespace, "labels": labels(random, POD_LABELS)},
        "spec": {
            "nodeName": f"node-{node}",
            "hostNetwork": host,
            "containers": [{"name": "main", "ports": named}],
        },
        "status": {
            "phase": "Running",
            "podIPs": addresses,
            "podIP": addresses[0]["ip"],
            "hostIPs": [{"ip": f"192.168.0.{node}"}, {"ip": f"fd01::{node}"}],
        },
    }
