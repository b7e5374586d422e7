"""The rules of a policy, one by one, with the pods that they name."""

from collections.abc import Iterator

from deploykit.deploy.policies.index import End, RuleRef
from deploykit.deploy.policies.model import IPBlock, Network, Pod, PodPeer, Policy


def rules_of(policy: Policy) -> Iterator[RuleRef]:
    """Egress rules, then ingress rules."""
    for position, rule in enumerate(policy.egress or (), start=1):
        yield RuleRef(policy, "egress", position, rule)
    for position, rule in enumerate(policy.ingress or (), start=1):
        yield RuleRef(policy, "ingress", position, rule)


def named_pods(network: Network, policy: Policy, peer: PodPeer | IPBlock) -> tuple[Pod, ...]:
    """The pods that a peer names."""
    return tuple(pod for pod in network.pods if network.index.includes(peer, policy, End(pod)))


def selected_pods(network: Network, policy: Policy) -> tuple[Pod, ...]:
    """The pods that a policy selects."""
    pods = network.index.pods_in(policy.namespace)
    return tuple(pod for pod in pods if not pod.host_network and policy.pods.matches(pod.labels))


def target_pods(network: Network, ref: RuleRef) -> tuple[Pod, ...]:
    """The pods whose ports a rule is about: those it leads to, or for ingress those that the policy selects."""
    if ref.direction == "ingress":
        return selected_pods(network, ref.policy)
    peers = [peer for peer in ref.rule.peers if isinstance(peer, PodPeer)]
    found = {str(pod): pod for peer in peers for pod in named_pods(network, ref.policy, peer)}
    return tuple(found.values())
