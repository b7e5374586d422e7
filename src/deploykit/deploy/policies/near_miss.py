"""Where a connection is denied: the rules that nearly allow it, and what in them would have to change."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from deploykit.deploy.policies.evaluate import Answer, Decision, Path, opens
from deploykit.deploy.policies.index import RuleRef
from deploykit.deploy.policies.model import Address, IPBlock, Network, PodPeer, PolicyPort, Service
from deploykit.deploy.policies.resolve import Place


class Miss(StrEnum):
    """What in a rule is wrong for this connection."""

    SERVICE_PORT = "service-port"
    PORT_NAME = "port-name"
    PROTOCOL = "protocol"
    PORT = "port"
    SERVICE_ADDRESS = "service-address"
    NAMESPACE = "namespace"
    LABELS = "labels"


@dataclass(frozen=True, kw_only=True)
class NearMiss:
    """A rule that names the peer but not the port, or the port but not the peer."""

    code: Miss
    rule: RuleRef
    sentence: str
    """What the rule says, and what it would have to say."""


def near_misses(network: Network, answer: Answer) -> tuple[NearMiss, ...]:
    """The rules that would have to change, each once, those that are nearest first."""
    order = list(Miss)
    found = {
        (str(miss.rule), miss.sentence): miss
        for path in answer.paths
        for decision in path.decisions
        if not decision.allowed
        for miss in _of(network, answer, path, decision)
    }
    return tuple(sorted(found.values(), key=lambda miss: order.index(miss.code)))


def _of(network: Network, answer: Answer, path: Path, decision: Decision) -> Iterator[NearMiss]:
    reached = (
        {str(ref) for ref in network.index.rules(decision.end.pod, decision.direction, decision.peer)}
        if decision.end.pod
        else set()
    )
    for policy in decision.policies:
        for position, rule in enumerate(policy.rules(decision.direction) or (), start=1):
            ref = RuleRef(policy, decision.direction, position, rule)
            if str(ref) in reached:
                code, why = _port(rule.ports, path.place, answer)
                yield NearMiss(code=code, rule=ref, sentence=f"{_start(ref)} names this peer, but {why}")
            elif opens(rule.ports, path.place):
                for peer in rule.peers:
                    for code, why in _peer(network, peer, ref, decision, answer):
                        yield NearMiss(code=code, rule=ref, sentence=f"{_start(ref)} allows the port, but {why}")


def _start(ref: RuleRef) -> str:
    text = str(ref)
    return text[0].upper() + text[1:]


def _port(ports: tuple[PolicyPort, ...], place: Place, answer: Answer) -> tuple[Miss, str]:
    said = ", ".join(map(str, ports))
    wanted = f"{place.protocol} {place.port}"
    for port in ports:
        if isinstance(port.port, str):
            if port.protocol == place.protocol:
                return Miss.PORT_NAME, f"by the name {port.port}, which {place.target} does not declare for {wanted}."
        elif isinstance(answer.target, Service) and port.protocol == place.protocol and _is_dialled(port, answer):
            return Miss.SERVICE_PORT, (
                f"at {port}, the port of Service {answer.target}. Policies see the pod's port: write {place.port}."
            )
        elif port.port is not None and port.port <= place.port <= (port.end or port.port):
            return Miss.PROTOCOL, f"at {port}; the connection is {wanted}."
    return Miss.PORT, f"at {said}; the connection is to {wanted}."


def _is_dialled(port: PolicyPort, answer: Answer) -> bool:
    if not isinstance(answer.target, Service) or not isinstance(port.port, int):
        return False
    dialled = {one.port for one in answer.target.ports if answer.port in (one.port, one.name)}
    return any(port.port <= number <= (port.end or port.port) for number in dialled)


def _peer(
    network: Network, peer: PodPeer | IPBlock, ref: RuleRef, decision: Decision, answer: Answer
) -> Iterator[tuple[Miss, str]]:
    if isinstance(peer, IPBlock):
        if decision.direction == "egress" and (address := _service_address(peer, answer)):
            yield (
                Miss.SERVICE_ADDRESS,
                (
                    f"to {peer}, which holds the Service's address {address}. Policies see the pods behind it: "
                    f"name {decision.peer} by labels."
                ),
            )
        return
    pod = decision.peer.pod
    if pod is None or pod.host_network:
        return
    named = peer.pods is None or peer.pods.matches(pod.labels)
    if peer.namespaces is None:
        housed = pod.namespace == ref.policy.namespace
        homes = f"its own namespace {ref.policy.namespace}"
    else:
        housed = peer.namespaces.matches(network.index.namespace_labels(pod.namespace))
        homes = f"namespaces with {peer.namespaces}"
    if named and not housed:
        yield Miss.NAMESPACE, f"looks in {homes} only; {decision.peer} is in namespace {pod.namespace}."
    elif housed and not named and peer.pods is not None:
        unmet = next(one for one in peer.pods.requirements if not one.holds(pod.labels))
        has = f"has {unmet.key}={pod.labels[unmet.key]}" if unmet.key in pod.labels else f"has no label {unmet.key}"
        yield Miss.LABELS, f"for pods with {peer.pods}; {decision.peer} {has}."


def _service_address(block: IPBlock, answer: Answer) -> Address | None:
    if not isinstance(answer.target, Service):
        return None
    return next((address for address in answer.target.addresses if block.holds(address)), None)
