"""What a failure is that looks the same from outside: the state of Services, pods and policies decides. Pure."""

from dataclasses import replace
from datetime import datetime

from deploykit.check.cluster.connect_port import connect_port
from deploykit.check.cluster.driver import newest, trouble
from deploykit.check.cluster.policy import Verdict, denial, deny_code
from deploykit.check.cluster.service import crowd, driver_items, problems
from deploykit.check.cluster.state import ClusterState
from deploykit.check.cluster.steps import failed
from deploykit.check.model import Decide, Step, one_of_these
from deploykit.deploy.mage_pods import is_ready
from deploykit.deploy.policies import Pod, Service, dns_destinations
from deploykit.deploy.policies.dialled import Dialled, find, find_service
from deploykit.spark_pods import CONNECT_PORT

_NAME = frozenset({"name-unknown", "dns-silent"})
_REFUSED = frozenset({"refused", "no-route", "closed"})
_NO_TCP = frozenset({"refused", "no-route", "unreachable"})
"""Once TCP stood, no policy is in the way, and somebody has the address; so with DNS, once it knows no such name."""
_AFTER_TCP = frozenset({"silent", "closed"})
_OTHER_SERVER = frozenset({"http1", "not-grpc", "http2-web", "not-spark", "no-backend", "tls-required"})
EXPLAINED = _NAME | _NO_TCP | _AFTER_TCP | _OTHER_SERVER
"""The failures that a cluster's state may explain."""
_WRONG_PORT = ("service-wrong-target-port", "service-port-missing")
_NOT_ASKED = "The state of the cluster, which decides, was not asked."


def decide(
    state: ClusterState | None,
    wanted: Dialled,
    *,
    verdict: Verdict | None,
    now: datetime,
    stateless: str = _NOT_ASKED,
) -> Decide:
    """A judge of failures on the way to `wanted`; `verdict` is of the pod that met them, if it was one of Mage's.

    Without a state, or where the target's namespace may not be read, a failure that only the state explains says what
    it may be; `stateless` says why there is none.
    """

    def judge(step: Step) -> Step | None:
        if step.code not in EXPLAINED:
            return None
        found = _cause(state, wanted, step, verdict, now) if state is not None else None
        if found is not None:
            return replace(found, name=step.name, where=step.where, seconds=step.seconds)
        blind = state is None or (bool(wanted.namespace) and wanted.namespace not in state.readable)
        return one_of_these(step, "\n".join(state.unread) if state is not None else stateless) if blind else None

    return judge


def _cause(state: ClusterState, wanted: Dialled, step: Step, verdict: Verdict | None, now: datetime) -> Step | None:
    """The first layer, from Mage on, that explains a failure."""
    every = problems(state, wanted, now=now)
    # A name that had an answer, such as localhost, is none that a missing Service explains.
    found = next((one for one in every if step.code in _NAME or one.code != "service-missing"), None)
    if step.code in _NAME:
        inside_only = (
            step.code == "name-unknown" and verdict is None and find_service(state.network, wanted) is not None
        )
        return _name(state, wanted, step, verdict, found) or (_inside_only(wanted) if inside_only else None)
    if step.code in _OTHER_SERVER:
        return found if found is not None and found.code in _WRONG_PORT else None
    if found is not None:
        return found
    if step.code in _NO_TCP and verdict is not None and verdict.reach is not None and verdict.reach_allowed is False:
        return denial(deny_code(verdict.reach), state, verdict, verdict.reach, name=step.name, where=step.where)
    target = find(state.network, wanted)
    if wanted.is_address and not isinstance(target, Pod | Service) and step.code == "unreachable":
        return failed("address-silent", {"address": str(wanted)})
    crowded = next(crowd(state, wanted), None) if step.code in _REFUSED else None
    return crowded or _driver(state, wanted, step, now)


def _name(state: ClusterState, wanted: Dialled, step: Step, verdict: Verdict | None, found: Step | None) -> Step | None:
    """A name that the API knows and the pod does not: DNS is closed to it, or down."""
    if step.code == "dns-silent" and verdict is not None and verdict.dns and not verdict.dns_allowed:
        return denial("dns-denied", state, verdict, verdict.dns[0], name="", where="")
    service = find_service(state.network, wanted)
    if found is not None and (service is None or service.headless):  # any other has a name, whatever its pods do
        return found
    for destination in dns_destinations(state.network):
        if isinstance(destination.target, Service):
            servers = destination.target
            pods = state.selected(servers.namespace, servers.selector)
            if pods and not any(is_ready(pod) for pod in pods):
                names = ", ".join(pod["metadata"]["name"] for pod in pods)
                values = {"service": str(servers), "namespace": servers.namespace, "pods": names}
                return failed("dns-down", values)
    return None


def _inside_only(wanted: Dialled) -> Step:
    """A Service that is fine, and a machine outside its cluster."""
    values = {"service": wanted.service, "namespace": wanted.namespace, "port": str(wanted.port)}
    return failed("outside-cluster", values)


def _driver(state: ClusterState, wanted: Dialled, step: Step, now: datetime) -> Step | None:
    """The state of the driver's pod, and where that is fine, its port."""
    service, target = find_service(state.network, wanted), find(state.network, wanted)
    if service is not None:
        pod = newest(driver_items(state, service))
    elif isinstance(target, Pod):
        pods = state.items("Pod", target.namespace)
        pod = next((one for one in pods if one["metadata"]["name"] == target.name), None)
    else:
        return None
    if pod is None:
        return None
    said = trouble(pod, now=now)
    if said is not None and (said.code != "driver-starting" or step.code in _REFUSED):
        return said
    if step.code != "refused":
        return None
    ports = service.ports if service is not None else ()
    number = next((one.target for one in ports if one.port == wanted.port), wanted.port)
    because = "Nothing in the cluster's state stands in the way: Service, pod and policies fit."
    if connect_port(pod) is None and number != CONNECT_PORT:
        because = f"Spark Connect listens on {CONNECT_PORT}, unless its spark.connect.grpc.binding.port is another."
    metadata = pod["metadata"]
    values = {"pod": metadata["name"], "namespace": metadata["namespace"], "target": str(number), "because": because}
    return failed("closed-port", values)
