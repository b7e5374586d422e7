"""Pods that are isolated without anybody having said so, and pods that no policy selects."""

from collections.abc import Iterable, Iterator

from deploykit.deploy.policies.evaluate import opens
from deploykit.deploy.policies.findings.finding import Code, Finding
from deploykit.deploy.policies.index import End
from deploykit.deploy.policies.model import Network, Pod, Policy, Service
from deploykit.deploy.policies.resolve import Place


def of(policy: Policy) -> Iterator[Finding]:
    """A policy whose missing `policyTypes` isolates a direction that it has no rules for."""
    if not policy.types_given and policy.egress and not policy.ingress:
        yield Finding(
            code=Code.ISOLATED_BY_DEFAULT,
            about=f"policy {policy}",
            sentence="It has only egress rules and no policyTypes, so it isolates ingress too: nobody reaches it.",
            fix="policyTypes: [Egress], or [Ingress, Egress] where nobody shall",
        )


def not_selected(network: Network, pods: Iterable[Pod]) -> Iterator[Finding]:
    """Pods that no policy selects, where their namespace has policies."""
    guarded = {policy.namespace for policy in network.policies}
    for pod in _one_of_each(network, pods):
        if pod.namespace in guarded and not pod.host_network:
            index = network.index
            if not index.selecting(pod, "egress") and not index.selecting(pod, "ingress"):
                yield Finding(
                    code=Code.NOT_SELECTED,
                    about=f"pod {pod}",
                    sentence="No policy of its namespace selects it: it may reach everything, everything may reach it.",
                    fix="give it labels that a policy selects, or add a policy with `podSelector: {}`",
                )


def unreachable(network: Network, pods: Iterable[Pod]) -> Iterator[Finding]:
    """Pods behind a Service that policies isolate without one rule for the port that the Service leads to."""
    wanted = {str(pod) for pod in pods}
    for service in network.services:
        for pod in _one_of_each(network, network.index.backends(service)):
            policies = () if pod.host_network else network.index.selecting(pod, "ingress")
            if str(pod) in wanted and policies and not _is_open(pod, service, policies):
                yield Finding(
                    code=Code.NOBODY_REACHES_SERVICE,
                    about=f"pod {pod}",
                    sentence=f"Service {service} leads to it, and {_named(policies)} it: no ingress rule allows "
                    "a port of the Service to anybody.",
                    fix="add an ingress rule with the pod's port, or take Ingress out of policyTypes",
                )


def _is_open(pod: Pod, service: Service, policies: tuple[Policy, ...]) -> bool:
    rules = [rule for policy in policies for rule in policy.ingress or ()]
    for port in service.ports:
        numbers = [port.target] if isinstance(port.target, int) else pod.numbers(port.target, port.protocol)
        for number in numbers:
            place = Place(End(), End(pod), number, port.protocol)
            if any(opens(rule.ports, place) for rule in rules):
                return True
    return not service.ports


def _named(policies: tuple[Policy, ...]) -> str:
    names = ", ".join(map(str, policies))
    return f"policy {names} isolates" if len(policies) == 1 else f"policies {names} isolate"


def _one_of_each(network: Network, pods: Iterable[Pod]) -> Iterable[Pod]:
    """One pod for all that selectors cannot tell apart."""
    return {network.index.group(pod): pod for pod in reversed(tuple(pods))}.values()
