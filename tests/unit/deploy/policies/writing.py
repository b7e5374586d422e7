"""Networks in a few lines of YAML."""

from typing import Any

import yaml

from deploykit.deploy.policies import Network, load, read_yaml


def pod(name: str, namespace: str = "mage", *, ip: str = "", ports: str = "[]", **more: Any) -> str:
    """One YAML document; `more` holds labels, and `node`, `host` for the node's name and address."""
    node, host = more.pop("node", ""), more.pop("host", "")
    network = more.pop("host_network", False)
    addresses = [{"ip": one} for one in ip.split()]
    status = {"podIPs": addresses} | ({"hostIPs": [{"ip": one} for one in host.split()]} if host else {})
    labels = {key.replace("__", "/").replace("_", "-"): value for key, value in more.items()}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {
                "hostNetwork": network,
                "nodeName": node,
                "containers": [{"name": "main", "ports": yaml.safe_load(ports)}],
            },
            "status": status,
        }
    )


def policy(spec: str, name: str = "rules", namespace: str = "mage") -> str:
    """One YAML document."""
    return yaml.safe_dump(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": yaml.safe_load(spec),
        }
    )


def service(name: str, namespace: str, spec: str) -> str:
    """One YAML document."""
    body = {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": yaml.safe_load(spec)}
    return yaml.safe_dump({"apiVersion": "v1", **body})


def network(*documents: str) -> Network:
    """The network of some YAML documents."""
    return load(read_yaml("---\n".join(documents)))
