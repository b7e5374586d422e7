"""Rules that name a Service's port where policies see the pod's, or a port's name that no pod declares."""

from collections.abc import Iterator

from deploykit.deploy.policies.findings.finding import Code, Finding
from deploykit.deploy.policies.findings.rules import rules_of, target_pods
from deploykit.deploy.policies.index import RuleRef
from deploykit.deploy.policies.model import Network, Pod, Policy, PolicyPort, Service, ServicePort


def of(network: Network, policy: Policy) -> Iterator[Finding]:
    """The findings about the ports that a policy's rules name."""
    for ref in rules_of(policy):
        if ref.rule.ports:
            targets = target_pods(network, ref)
            if targets:
                yield from _service_ports(network, ref, targets)
                yield from _names(ref, targets)


def _service_ports(network: Network, ref: RuleRef, targets: tuple[Pod, ...]) -> Iterator[Finding]:
    homes, names = {pod.namespace for pod in targets}, {str(pod) for pod in targets}
    for service in network.services:
        if service.namespace not in homes or service.headless:
            continue
        behind = [pod for pod in network.index.backends(service) if str(pod) in names]
        for port in service.ports if behind else ():
            numbers = {number for pod in behind for number in _numbers(pod, port)}
            if numbers and _allows(ref, port, port.port) and not any(_allows(ref, port, one) for one in numbers):
                yield _finding(ref, service, port, behind, sorted(numbers))


def _finding(ref: RuleRef, service: Service, port: ServicePort, behind: list[Pod], numbers: list[int]) -> Finding:
    said = " or ".join(map(str, numbers))
    return Finding(
        code=Code.SERVICE_PORT,
        about=str(ref),
        sentence=f"It allows {port.protocol} {port.port}, the port of Service {service}. Policies see the port of the "
        f"pods behind it, such as {behind[0]}: {said}.",
        fix=f"write {said} in the place of {port.port}",
    )


def _numbers(pod: Pod, port: ServicePort) -> frozenset[int]:
    return frozenset({port.target}) if isinstance(port.target, int) else pod.numbers(port.target, port.protocol)


def _allows(ref: RuleRef, service_port: ServicePort, number: int) -> bool:
    """By number only: a port's name cannot be a Service's by mistake."""
    return any(
        port.protocol == service_port.protocol
        and (port.port is None or (isinstance(port.port, int) and port.port <= number <= (port.end or port.port)))
        for port in ref.rule.ports
    )


def _names(ref: RuleRef, targets: tuple[Pod, ...]) -> Iterator[Finding]:
    for port in ref.rule.ports:
        if isinstance(port.port, str) and not any(_declared(port, pod) for pod in targets):
            yield Finding(
                code=Code.NO_PORT_NAME,
                about=str(ref),
                sentence=f"It names the port {port.port}, and none of the pods that it is about, such as {targets[0]}, "
                f"declares a {port.protocol} port with that name.",
                fix="write the port's number, or name the port in the pods' containers",
            )


def _declared(port: PolicyPort, pod: Pod) -> bool:
    return isinstance(port.port, str) and bool(pod.numbers(port.port, port.protocol))
