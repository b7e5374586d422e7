"""What a deployment is, as values of the `mage-ilum` chart. Pure: the same deployment gives the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from deploykit.deploy import values_file
from deploykit.deploy.chart_defaults import default_values
from deploykit.deploy.ilum_services import IlumService
from deploykit.deploy.values_file import Values
from deploykit.image_reference import ImageReference
from deploykit.spark_pods import CONNECT_PORT

DRIVER_LABELS: Mapping[str, str] = MappingProxyType({"spark-role": "driver"})
"""What Spark itself puts on every driver pod."""
SIGNATURE = values_file.signature("the mage-ilum chart")
"""The first line of a values file that deploykit wrote and so may write again."""

_HINT = """\
# Keep settings of your own in a second file, which comes later and wins:
# helm upgrade --install mage charts/mage-ilum --namespace {namespace} --values THIS_FILE --values YOUR_FILE
"""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One release of the chart: which image, which Spark, and what the cluster looks like around it."""

    image: ImageReference
    host: str = ""
    """The name that Mage dials; empty when the chart makes the Service."""
    port: int = CONNECT_PORT
    namespace: str = "ilum"
    """Where the Spark driver pods run."""
    ilum_namespace: str = ""
    """Where Ilum itself runs; empty: the chart's default."""
    driver_labels: Mapping[str, str] = field(default_factory=lambda: DRIVER_LABELS, hash=False)
    """What the Spark Connect driver is known by: to policies, and to the Service that the chart makes."""
    cidrs: tuple[str, ...] = ()
    """Addresses of a server outside the cluster; policies then name these, not pods."""
    create_service: bool = False
    service_name: str = field(default_factory=lambda: str(default_values()["ilum"]["service"]["name"]))
    ingress_policy: bool = False
    """Policies isolate the driver already, so that the chart has to add one that lets Mage's pods in."""
    services: tuple[IlumService, ...] = ()
    """What of Ilum blocks use besides Spark Connect."""
    module: bool = False
    """Ilum's own module runs Mage, and the chart goes beside it, into Ilum's namespace."""
    database: IlumService | None = None
    """What that module's Mage keeps its state in."""
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
        "ilum": {
            **({"module": True} if deployment.module else {}),
            **({"namespace": deployment.ilum_namespace} if deployment.ilum_namespace else {}),
            **_spark(deployment),
            **{service.kind.section: _section(service) for service in deployment.services},
        },
    }
    if deployment.executor:
        values["executor"] = {"enabled": True, "dedicatedNamespace": True}
        values["networkPolicy"] = {
            "apiServer": {"cidrs": list(deployment.api_server_cidrs), "ports": list(deployment.api_server_ports)}
        }
    if deployment.database is not None:
        values["networkPolicy"] = {"database": _peers(deployment.database)}
    return values


def to_yaml(deployment: Deployment) -> str:
    """The values file, with the line that lets `deploykit values` write it again."""
    namespace = (deployment.ilum_namespace or deployment.namespace) if deployment.module else "mage"
    return values_file.to_text(to_values(deployment), signed=SIGNATURE, hint=_HINT.format(namespace=namespace))


def _spark(deployment: Deployment) -> dict[str, Values]:
    server: dict[str, Values] = {"host": deployment.host, "port": deployment.port, "namespace": deployment.namespace}
    if deployment.cidrs:
        return {"server": {**server, "cidrs": list(deployment.cidrs)}, "service": {"create": False}}
    labels = dict(deployment.driver_labels)
    server["podSelector"] = labels
    if deployment.ingress_policy:
        server["ingressPolicy"] = {"create": True}
    if not deployment.create_service:
        return {"server": server, "service": {"create": False}}
    # A copy of its own, or YAML would write an anchor.
    return {
        "server": server,
        "service": {"create": True, "name": deployment.service_name, "selector": dict(labels)},
    }


def _peers(service: IlumService) -> dict[str, Values]:
    namespace = {"matchLabels": {"kubernetes.io/metadata.name": service.namespace}}
    pods = {"matchLabels": dict(service.pod_labels)}
    return {"to": [{"namespaceSelector": namespace, "podSelector": pods}], "port": service.pod_port}


def _section(service: IlumService) -> dict[str, Values]:
    if not service.pod_port:
        return {"enabled": True}
    # Helm adds a map to the chart's own: a label that the Service does not select by has to be taken out, by null.
    usual = default_values()["ilum"][service.kind.section]["podSelector"]
    return {
        "enabled": True,
        "url": service.url,
        "namespace": service.namespace,
        "podSelector": {**dict.fromkeys(usual), **service.pod_labels},
        "podPort": service.pod_port,
    }
