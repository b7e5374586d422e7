"""What of Ilum blocks may use besides Spark Connect: Ilum SQL, Livy and Ilum's own API. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from deploykit.deploy.locate import Service, ServicePort
from deploykit.errors import UnreachableError, UsageError


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A service of Ilum."""

    section: str
    """Its section of the chart's values, under `ilum`, and the option that asks for it."""
    service: str
    port: int
    url: str
    """What the runtime library takes, with `{place}` for host and port."""
    variable: str
    """The environment variable that the library reads it from."""


SQL = Kind(
    section="sql",
    service="ilum-sql-thrift-binary",
    port=10009,
    url="hive://{place}/default",
    variable="ILUM_SQL_URL",
)
LIVY = Kind(
    section="livy",
    service="ilum-livy-proxy",
    port=8998,
    url="http://{place}",
    variable="ILUM_LIVY_URL",
)
CORE = Kind(
    section="core",
    service="ilum-core",
    port=9888,
    url="http://{place}/api/v1",
    variable="ILUM_API_URL",
)
POSTGRESQL = Kind(section="module", service="ilum-postgresql", port=5432, url="", variable="")
"""The database of Mage in Ilum's own module, not of blocks: policies alone have to know of it."""


@dataclass(frozen=True)
class IlumService:
    """A service that is wanted, and what a cluster shows of it; where none was asked, the chart's defaults count."""

    kind: Kind
    url: str = ""
    namespace: str = ""
    pod_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the Service selects its pods by."""
    pod_port: int = 0
    """Where these listen; policies see that port, not the Service's."""


def assumed(kind: Kind, namespace: str) -> IlumService:
    """Where the service is as far as its usual name tells."""
    return IlumService(kind, url=_url(kind, namespace, kind.port), namespace=namespace)


def assumed_database(namespace: str) -> IlumService:
    """Ilum's PostgreSQL, by the label that Ilum's own tools know its pods by."""
    labels = {"app.kubernetes.io/name": "postgresql"}
    return IlumService(POSTGRESQL, namespace=namespace, pod_labels=labels, pod_port=POSTGRESQL.port)


def find(
    kind: Kind, services: Iterable[Service], *, namespace: str, named_ports: Callable[[Service, str], int | None]
) -> IlumService:
    """The service as the cluster has it; `named_ports` says which number a name has in the pods behind a Service.

    Raises `UnreachableError` when it is not there, or no pod tells its port, `UsageError` when several ports could be
    it.
    """
    service = next((one for one in services if one.name == kind.service), None)
    if service is None:
        raise UnreachableError(
            f"There is no Service {kind.service} with pods behind it in namespace {namespace}.",
            why=f"--{kind.section} needs it: policies have to name the pods that it leads to.",
            fix=f"enable it in Ilum, name Ilum's namespace with --ilum-namespace, or leave --{kind.section} out",
        )
    port = _port(kind, service)
    target = port.target if isinstance(port.target, int) else named_ports(service, port.target)
    if target is None:
        raise UnreachableError(
            f"No pod behind Service {kind.service} in namespace {namespace} says which port {port.target!r} is.",
            why="The Service names its pods' port instead of numbering it, and none of them runs.",
            fix=f"kubectl --namespace {namespace} get endpointslices -l kubernetes.io/service-name={kind.service}",
        )
    return IlumService(kind, _url(kind, namespace, port.port), namespace, service.selector, target)


def _port(kind: Kind, service: Service) -> ServicePort:
    """The usual port, or the only one."""
    usual = [port for port in service.ports if port.port == kind.port]
    if len(usual or service.ports) == 1:
        return (usual or service.ports)[0]
    raise UsageError(
        f"Service {kind.service} has no port {kind.port}, and nothing tells which of its ports is meant.",
        why=f"Its TCP ports are {', '.join(str(port.port) for port in service.ports) or 'none'}.",
        fix=f"leave --{kind.section} out, and set ilum.{kind.section} in a values file of your own",
    )


def _url(kind: Kind, namespace: str, port: int) -> str:
    return kind.url.format(place=f"{kind.service}.{namespace}.svc:{port}")
