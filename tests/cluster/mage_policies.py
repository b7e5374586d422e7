"""The real chart's policies, with every switch set or none, in the namespaces that the tests of policies use."""

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from tests.cluster.kubectl import kubectl

from deploykit.deploy import chart

RELEASE = "mage"
ILUM, SPARK, OTHER = "net-ilum", "net-spark", "net-other"
MAGE, SPLIT, MODULE = "net-mage", "net-split", "net-module"
OPENSHIFT_DNS = "openshift-dns"
NAMESPACES = (ILUM, SPARK, OTHER, MAGE, SPLIT, MODULE, OPENSHIFT_DNS)

Policy = dict[str, Any]


def peers(app: str) -> list[dict[str, Any]]:
    """A NetworkPolicy's `to` or `from` that means this pod of namespace `net-other`."""
    namespace = {"matchLabels": {"kubernetes.io/metadata.name": OTHER}}
    return [{"namespaceSelector": namespace, "podSelector": {"matchLabels": {"app": app}}}]


def values(*, everything: bool, split: bool = False, module: bool = False) -> dict[str, Any]:
    """Values with each switch that the docs call `if set`; or with those alone without which this chart is refused."""
    service = f"spark-connect.{SPARK}.svc.cluster.local"
    needed = {
        "mageai": {
            "image": {"repository": "registry.example/mage-ilum", "tag": "1"},
            "standaloneScheduler": split,
            "database": {"existingSecret": "" if module else "database"},
            "persistence": {"accessModes": ["ReadWriteMany"]},
        },
        "ilum": {"module": module, "namespace": ILUM, "server": {"host": service, "port": 443, "namespace": SPARK}},
        "executor": {"enabled": True, "dedicatedNamespace": True},
        "driftCheck": {"enabled": True},
        "networkPolicy": {
            "database": {"to": peers("postgres")},
            "apiServer": api_server(),
        },
    }
    if everything:
        used = {"enabled": True}
        needed["ilum"] |= {"sql": {**used, "podPort": 10000}, "livy": used, "core": used}
        needed["networkPolicy"] |= {
            "dns": {"openshift": True, "gkeCloudDNS": True, "custom": {"to": peers("dns"), "port": 5353}},
            "redis": {"to": peers("redis")},
            "objectStore": {"to": peers("store")},
            # The ports of what has to stay closed all the same.
            "internet": {"enabled": True, "ports": [80, 8080, 8443]},
            "eksPodIdentity": True,
            "extraEgress": [{"to": peers("extra"), "ports": [{"protocol": "TCP", "port": 7777}]}],
            "ingress": {
                "controller": {"namespace": OTHER, "podSelector": {"app": "traefik"}},
                "cidrs": ["192.0.2.0/24"],
                "from": peers("prometheus"),
            },
        }
    if everything and module:
        # Port 80 is that of cloud metadata, which stays closed.
        needed["networkPolicy"]["apiServer"] = {"anyAddress": True, "ports": [*api_server()["ports"], 80]}
    return needed


@cache
def api_server() -> dict[str, Any]:
    """The addresses and ports behind the Service `kubernetes`."""
    flags = ("--namespace=default", "--selector=kubernetes.io/service-name=kubernetes", "--output=json")
    slices = json.loads(kubectl("get", "endpointslices", *flags))["items"]
    addresses = {address for found in slices for endpoint in found["endpoints"] for address in endpoint["addresses"]}
    return {
        "cidrs": [f"{address}/32" for address in sorted(addresses)],
        "ports": sorted({port["port"] for found in slices for port in found["ports"]}),
    }


ALWAYS_SET = ("database", "API server")
"""What `values(everything=False)` sets all the same."""


def render(given: Mapping[str, Any], namespace: str) -> list[Policy]:
    """Every object of the real chart with these values."""
    texts = chart.render(json.dumps(given), release=RELEASE, namespace=namespace)
    return [document for text in texts if (document := yaml.safe_load(text))]


def policies(given: Mapping[str, Any], namespace: str) -> list[Policy]:
    """The chart's NetworkPolicies, as this cluster can take them."""
    found = [document for document in render(given, namespace) if document["kind"] == "NetworkPolicy"]
    for policy in found:
        policy["metadata"].setdefault("namespace", namespace)
        policy["spec"]["egress"] = [_without_ipv6(rule) for rule in policy["spec"].get("egress", [])]
    return found


def _without_ipv6(rule: dict[str, Any]) -> dict[str, Any]:
    """The testbed enforces IPv4 alone, and takes no policy at all where one has an IPv6 address in it."""
    kept = [peer for peer in rule["to"] if ":" not in peer.get("ipBlock", {}).get("cidr", "")]
    assert kept, f"a rule for IPv6 alone: {rule}"
    return {**rule, "to": kept}


def edited(before: Sequence[Policy]) -> list[Policy]:
    """A copy to change."""
    return copy.deepcopy(list(before))
