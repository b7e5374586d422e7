"""What in a network's policies is probably not meant, beside any question that is asked."""

from collections.abc import Collection, Iterator

from deploykit.deploy.policies.findings import isolation, names, ports, selectors
from deploykit.deploy.policies.findings.finding import Code, Finding
from deploykit.deploy.policies.model import Network

__all__ = ["Code", "Finding", "findings"]


def findings(network: Network, *, namespaces: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings about the policies and pods of some namespaces or, with none, of all; each once."""
    return tuple(dict.fromkeys(_all(network, namespaces)))


def _all(network: Network, namespaces: Collection[str]) -> Iterator[Finding]:
    for policy in network.policies:
        if not namespaces or policy.namespace in namespaces:
            yield from isolation.of(policy)
            yield from selectors.of(network, policy)
            yield from ports.of(network, policy)
    pods = [pod for pod in network.pods if not namespaces or pod.namespace in namespaces]
    yield from names.of(network, pods)
    yield from isolation.unreachable(network, pods)
    yield from isolation.not_selected(network, pods)
