"""What a deployment is, as values of the `mage-ilum` chart. Pure: the same deployment gives the same bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import yaml

from deploykit.deploy.reference import ImageReference
from deploykit.spark_pods import CONNECT_PORT

DRIVER_LABELS: Mapping[str, str] = MappingProxyType({"spark-role": "driver"})
"""What Spark itself puts on every driver pod."""
SIGNATURE = "# Values of the mage-ilum chart, written by deploykit."
"""The first line of a values file that deploykit wrote and so may write again."""

_HINT = """\
# Keep settings of your own in a second file, which comes later and wins:
# helm upgrade --install mage charts/mage-ilum --namespace mage --values THIS_FILE --values YOUR_FILE
"""

Values: TypeAlias = "Mapping[str, Values] | Sequence[str | int] | str | int | bool"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One release of the chart: which image, which Spark, and what the cluster looks like around it."""

    image: ImageReference
    host: str = ""
    """The name that Mage dials; empty when the chart makes the Service."""
    port: int = CONNECT_PORT
    namespace: str = "ilum"
    """Where the Spark driver pods run."""
    driver_labels: Mapping[str, str] = field(default_factory=lambda: DRIVER_LABELS, hash=False)
    """What the Spark Connect driver is known by: to policies, and to the Service that the chart makes."""
    cidrs: tuple[str, ...] = ()
    """Addresses of a server outside the cluster; policies then name these, not pods."""
    create_service: bool = False
    service_name: str = "mage-spark-connect"
    executor: bool = False
    """Scheduled blocks run as Jobs. Only in a namespace that is Mage's own, which the values declare."""
    api_server_cidrs: tuple[str, ...] = ()
    """The API server's own addresses, which the executor calls."""
    api_server_ports: tuple[int, ...] = ()


def to_values(deployment: Deployment) -> dict[str, Values]:
    """The chart's values that depend on this deployment; everything else is the chart's default."""
    image = deployment.image
    named = {"repository": image.repository, "tag": image.tag, "digest": image.digest}
    values: dict[str, Values] = {
        "mageai": {"image": {key: value for key, value in named.items() if value}},
        "ilum": _ilum(deployment),
    }
    if deployment.executor:
        values["executor"] = {"enabled": True, "dedicatedNamespace": True}
        values["networkPolicy"] = {
            "apiServer": {"cidrs": list(deployment.api_server_cidrs), "ports": list(deployment.api_server_ports)}
        }
    return values


def to_yaml(deployment: Deployment) -> str:
    """The values file, with the line that lets `deploykit values` write it again."""
    body = _HINT + yaml.safe_dump(to_values(deployment), sort_keys=False, width=120)
    return f"{SIGNATURE}\n{_seal(body)}\n{body}"


def is_untouched(text: str) -> bool:
    """Whether a values file is as deploykit wrote it: what a person put into it must not be lost."""
    lines = text.split("\n", 2)
    return len(lines) == 3 and lines[0] == SIGNATURE and lines[1] == _seal(lines[2])


def _seal(body: str) -> str:
    return (
        f"# Written again by `deploykit values` as long as it is unchanged: {hashlib.sha256(body.encode()).hexdigest()}"
    )


def _ilum(deployment: Deployment) -> dict[str, Values]:
    server: dict[str, Values] = {"host": deployment.host, "port": deployment.port, "namespace": deployment.namespace}
    if deployment.cidrs:
        return {"server": {**server, "cidrs": list(deployment.cidrs)}, "service": {"create": False}}
    labels = dict(deployment.driver_labels)
    server["podSelector"] = labels
    if not deployment.create_service:
        return {"server": server, "service": {"create": False}}
    # A copy of its own, or YAML would write an anchor.
    return {
        "server": server,
        "service": {"create": True, "name": deployment.service_name, "selector": dict(labels)},
    }
