"""Which of a namespace's pods is the Spark Connect driver, and which Service leads to it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deploykit.errors import UnreachableError, UsageError
from deploykit.spark_pods import CONNECT_PORT, RUN_LABEL, SparkPod, connect_drivers


@dataclass(frozen=True)
class ServicePort:
    """A TCP port of a Service, and the pod port, by number or name, that it leads to."""

    port: int
    target: int | str


@dataclass(frozen=True)
class Service:
    """A Service with a selector."""

    name: str
    selector: Mapping[str, str]
    ports: Sequence[ServicePort]
    headless: bool
    ours: bool = False
    """Made by a release of this chart, which has to go on making it."""


@dataclass(frozen=True)
class Location:
    """How to reach the Spark Connect driver, now and after it was started anew."""

    driver: str
    labels: Mapping[str, str]
    """Labels that the driver carries and no other driver of the namespace does."""
    service: str = ""
    """A stable Service that leads there; empty: there is none yet."""
    port: int = CONNECT_PORT
    create: bool = True
    """Whether the chart has to make the Service."""


def locate(
    pods: Sequence[SparkPod],
    services: Iterable[Service],
    *,
    namespace: str,
    service: str = "",
    labels: Mapping[str, str] | None = None,
) -> Location:
    """Find the one driver, and a Service that fits it.

    Where some drivers are known to be Spark Connect servers, only these count.
    A Service fits when it leads to port 15002 of exactly one driver and to no executor, is not headless, and does not
    select by a label of one run. One that the chart made comes last, and has to be made again. `service` insists on
    one of that name, `labels` on a driver with those. Raises `UnreachableError` when no driver runs, `UsageError` when
    several do and nothing tells which.
    """
    wanted = connect_drivers(pod for pod in pods if carries(pod.labels, labels or {}))
    if not wanted:
        raise UnreachableError(
            f"No Spark driver{_described(labels)} runs in namespace {namespace}",
            why="a Spark Connect server is a pod with the label spark-role=driver, or one that listens on its port",
            fix="start the Spark Connect job in Ilum (docs/spark-connect-server.md), or name the namespace of Spark's "
            "pods with --namespace",
        )
    fits = sorted(
        (found for candidate in services if (found := _leads_to(candidate, pods, wanted)) is not None),
        key=lambda location: (location.create, location.port != CONNECT_PORT, location.service),
    )
    if service:
        for location in fits:
            if location.service == service:
                return replace(location, create=False)
        raise UsageError(
            f"Service {service} in namespace {namespace} does not lead to port {CONNECT_PORT} of one Spark driver",
            why="it is not there, is headless, selects several drivers, or selects by the label of a single run",
            fix=f"leave --server out to have one found or made; see kubectl -n {namespace} get services -o wide",
        )
    if fits and len({location.driver for location in fits}) == 1:
        return fits[0]
    driver = _only_one(wanted, namespace)
    return Location(driver=driver.name, labels=_own_labels(driver, pods, labels or {}))


def name_to_make(services: Iterable[Service], usual: str) -> str:
    """What a Service that the chart has to make is called: as before or, the first, as usual unless that is taken."""
    named = {one.name: one.ours and any(port.target == CONNECT_PORT for port in one.ports) for one in services}
    before = sorted(name for name, ours in named.items() if ours)
    if before:
        return usual if usual in before else before[0]
    return f"mage-{usual}" if usual in named else usual


def _leads_to(service: Service, pods: Sequence[SparkPod], wanted: Sequence[SparkPod]) -> Location | None:
    if service.headless or not service.selector or RUN_LABEL in service.selector:
        return None
    selected = [pod for pod in pods if carries(pod.labels, service.selector)]
    if len(selected) != 1 or selected[0] not in wanted:
        return None
    for port in service.ports:
        target = port.target if isinstance(port.target, int) else selected[0].port(port.target)
        if target == CONNECT_PORT:
            return Location(selected[0].name, service.selector, service.name, port.port, create=service.ours)
    return None


def _only_one(drivers: Sequence[SparkPod], namespace: str) -> SparkPod:
    if len(drivers) == 1:
        return drivers[0]
    names = ", ".join(sorted(driver.name for driver in drivers))
    raise UsageError(
        f"{len(drivers)} Spark drivers run in namespace {namespace}, and nothing tells which one is Spark Connect",
        why=f"the drivers are {names}",
        fix="--driver-label KEY=VALUE with a label of the one (spark-app-name=NAME), or --server with its Service",
    )


def _own_labels(driver: SparkPod, pods: Sequence[SparkPod], labels: Mapping[str, str]) -> dict[str, str]:
    """Labels that outlive a restart of the job and select this driver alone."""
    own = {key: driver.labels[key] for key in ("spark-role", "spark-app-name") if key in driver.labels}
    own.update(labels)
    if not own or RUN_LABEL in own or sum(carries(pod.labels, own) for pod in pods) != 1:
        raise UsageError(
            f"No lasting label tells driver {driver.name} from the others",
            fix="add spark.kubernetes.driver.label.spark-connect=true to the Spark Connect job, start it anew, "
            "and give --driver-label spark-connect=true"
            if own
            else "--driver-label KEY=VALUE with a label of the pod's, such as app=spark-connect",
        )
    return own


def carries(labels: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    """Whether these are among the labels, all of them."""
    return all(labels.get(key) == value for key, value in selector.items())


def _described(labels: Mapping[str, str] | None) -> str:
    return f" with {','.join(f'{key}={value}' for key, value in labels.items())}" if labels else ""
