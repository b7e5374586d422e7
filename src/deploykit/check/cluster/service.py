"""What is wrong with the Service that leads to the driver. Pure."""

import difflib
from collections.abc import Iterator
from datetime import datetime

from deploykit.check.cluster.connect_port import connect_port, misses_connect
from deploykit.check.cluster.driver import newest, trouble
from deploykit.check.cluster.state import ClusterState, labels
from deploykit.check.cluster.steps import failed
from deploykit.check.model import Step
from deploykit.deploy.locate import carries
from deploykit.deploy.mage_pods import is_ready
from deploykit.deploy.policies import Pod, Service
from deploykit.deploy.policies.dialled import Dialled, find_service
from deploykit.deploy.policies.model import ServicePort
from deploykit.kubernetes_api import Item
from deploykit.spark_pods import CONNECT_PORT, RUN_LABEL

_DRIVER = {"spark-role": "driver"}
_START = "start the Spark Connect job in Ilum (docs/spark-connect-server.md)"


def problems(state: ClusterState, wanted: Dialled, *, now: datetime) -> Iterator[Step]:
    """What keeps connections to a Service from the one driver, the nearest to Mage first.

    Nothing for what is no Service, or is one in a namespace that may not be read.
    """
    if not wanted.service or wanted.namespace not in state.readable:
        return
    service = find_service(state.network, wanted)
    if service is None:
        if wanted.host.count(".") != 1:  # a name with one dot may as well be outside the cluster
            yield _missing(state, wanted)
        return
    if service.external_name or not service.selector:
        return
    yield from _port(state, service, wanted)
    pods = state.network.index.backends(service)
    if not pods:
        yield _without_pods(state, service, now)
        return
    yield from _not_ready(state, service, pods, now)
    yield from _targets(state, service, wanted, pods)


def driver_items(state: ClusterState, service: Service) -> list[Item]:
    """The drivers behind a Service, and those that were until they ended; where it fits none, the namespace's."""
    fitting = [pod for pod in state.selected(service.namespace, service.selector) if not _is_executor(pod)]
    return fitting or state.selected(service.namespace, _DRIVER)


def _missing(state: ClusterState, wanted: Dialled) -> Step:
    names = [one.name for one in state.network.services if one.namespace == wanted.namespace]
    elsewhere = [str(one) for one in state.network.services if one.name == wanted.service]
    near = difflib.get_close_matches(wanted.service, names, n=1, cutoff=0.6)
    if elsewhere:
        similar = f"There is {elsewhere[0]}, in another namespace."
    elif near:
        similar = f"There is {wanted.namespace}/{near[0]}."
    else:
        similar = f"The namespace has {', '.join(sorted(names)[:5]) or 'no Service at all'}."
    values = {"service": wanted.service, "namespace": wanted.namespace, "similar": similar}
    return failed("service-missing", values)


def _port(state: ClusterState, service: Service, wanted: Dialled) -> Iterator[Step]:
    if not service.headless and _leading(service, wanted.port) is None:
        offered = ", ".join(f"{one.protocol} {one.port}" for one in service.ports) or "none"
        yield failed("service-port-missing", {**_values(service, wanted), "offered": offered})


def _without_pods(state: ClusterState, service: Service, now: datetime) -> Step:
    code = "headless-without-pods" if service.headless else "service-without-pods"
    known = newest(driver_items(state, service))
    selector = ",".join(f"{key}={value}" for key, value in service.selector.items())
    values = {"namespace": service.namespace, "service": service.name}
    if known is None:
        because = f"Its selector is {selector}, and no Spark driver is in the namespace, neither running nor ended."
        return failed(code, {**values, "because": because, "do": _START})
    if carries(labels(known), service.selector):  # it ended
        return trouble(known, now=now) or failed(code, {**values, **_ended(known, selector)})
    return failed(code, {**values, **_unmet(known, service, selector)})


def _ended(pod: Item, selector: str) -> dict[str, str]:
    """A driver that went well to its end, as batch jobs do."""
    because = f"Its selector is {selector}; driver {pod['metadata']['name']} has it, and has ended."
    return {"because": because, "do": _START}


def _unmet(pod: Item, service: Service, selector: str) -> dict[str, str]:
    """What the namespace's driver lacks for the Service to select it."""
    name, own = pod["metadata"]["name"], labels(pod)
    wrong = [key for key, value in service.selector.items() if own.get(key) != value]
    has = ", ".join(f"{key}={own[key]}" if key in own else f"no label {key}" for key in wrong)
    lasting = ",".join(f"{key}={own[key]}" for key in ("spark-role", "spark-app-name") if key in own)
    return {
        "because": f"Its selector is {selector}; driver {name} has {has}.",
        "do": f"kubectl --namespace {service.namespace} set selector service {service.name} '{lasting}'",
    }


def _not_ready(state: ClusterState, service: Service, pods: tuple[Pod, ...], now: datetime) -> Iterator[Step]:
    items = {one["metadata"]["name"]: one for one in state.items("Pod", service.namespace)}
    waiting = [items[pod.name] for pod in pods if pod.name in items and not is_ready(items[pod.name])]
    if not waiting or len(waiting) < len(pods):
        return
    names = [one["metadata"]["name"] for one in waiting]
    values = {"namespace": service.namespace, "service": service.name, "pods": ", ".join(names), "pod": names[0]}
    driver = next((one for one in waiting if not _is_executor(one)), None)
    told = trouble(driver, now=now) if driver is not None else None
    yield told or failed("service-without-ready-pods", values)


def _targets(state: ClusterState, service: Service, wanted: Dialled, pods: tuple[Pod, ...]) -> Iterator[Step]:
    leading = _leading(service, wanted.port)
    if leading is None or service.headless:
        return
    items = {one["metadata"]["name"]: one for one in state.items("Pod", service.namespace)}
    for pod in filter(_serves_spark, pods):  # behind what ends TLS before Spark, any port may be right
        target, item = leading.target, items.get(pod.name)  # none for a pod that a template will make
        if item is not None and misses_connect(
            item, {target} if isinstance(target, int) else pod.numbers(target, leading.protocol)
        ):
            known = connect_port(item)
            found = {
                "target": str(target),
                "pod": pod.name,
                "connect": str(known or CONNECT_PORT),
                "listens": str(known or f"{CONNECT_PORT}, unless its spark.connect.grpc.binding.port is another"),
                "index": str(service.ports.index(leading)),
            }
            yield failed("service-wrong-target-port", {**_values(service, wanted), **found})
            return


def crowd(state: ClusterState, wanted: Dialled) -> Iterator[Step]:
    """Several drivers, or executors, behind the Service: it works, by chance."""
    service = find_service(state.network, wanted)
    if service is None or not service.selector:
        return
    pods = state.network.index.backends(service)
    drivers = [pod for pod in pods if pod.labels.get("spark-role") == "driver"]
    executors = [pod for pod in pods if pod.labels.get("spark-role") == "executor"]
    values = _values(service, wanted)
    if len(drivers) > 1:
        connect = next((pod for pod in drivers if pod.numbers("spark-connect", "TCP")), drivers[0])
        found = {"count": str(len(drivers)), "pods": _names(drivers)}
        yield failed("several-drivers", {**values, **found, "application": connect.labels.get(RUN_LABEL, "ID")})
    elif executors:
        yield failed("executors-behind-service", {**values, "pods": _names(executors), "target": str(CONNECT_PORT)})


def _is_executor(pod: Item) -> bool:
    return carries(labels(pod), {"spark-role": "executor"})


def _serves_spark(pod: Pod) -> bool:
    declared = any(port.number == CONNECT_PORT for port in pod.ports)
    return declared or pod.labels.get("spark-role") == "driver"


def _leading(service: Service, port: int) -> ServicePort | None:
    return next((one for one in service.ports if one.port == port and one.protocol == "TCP"), None)


def _values(service: Service, wanted: Dialled) -> dict[str, str]:
    return {"namespace": service.namespace, "service": service.name, "port": str(wanted.port)}


def _names(pods: list[Pod]) -> str:
    shown = ", ".join(pod.name for pod in pods[:3])
    return f"{shown} and {len(pods) - 3} more" if len(pods) > 3 else shown
