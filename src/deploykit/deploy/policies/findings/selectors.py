"""Selectors that select nothing, and lists whose indentation says OR where AND was meant."""

from collections.abc import Iterator
from itertools import pairwise

from deploykit.deploy.policies import dns
from deploykit.deploy.policies.findings.finding import Code, Finding
from deploykit.deploy.policies.findings.rules import named_pods, rules_of, selected_pods
from deploykit.deploy.policies.index import RuleRef
from deploykit.deploy.policies.mage import is_of_jobs
from deploykit.deploy.policies.model import IPBlock, Network, PodPeer, Policy, Service


def of(network: Network, policy: Policy) -> Iterator[Finding]:
    """The findings about a policy's selectors."""
    there = is_of_jobs(policy) or not network.sees([policy.namespace])
    if policy.pods.requirements and not there and not selected_pods(network, policy):
        yield Finding(
            code=Code.NO_POD,
            about=f"policy {policy}",
            sentence=f"It selects pods with {policy.pods}, and namespace {policy.namespace} has none.",
            fix=f"compare with: kubectl --namespace {policy.namespace} get pods --show-labels",
        )
    for ref in rules_of(policy):
        yield from _side_by_side(ref)
        for peer in ref.rule.peers:
            if isinstance(peer, PodPeer):
                yield from _of_peer(network, ref, peer)
            elif ref.direction == "egress":
                yield from _of_block(network, ref, peer)


def _side_by_side(ref: RuleRef) -> Iterator[Finding]:
    word = "to" if ref.direction == "egress" else "from"
    for one, other in pairwise(ref.rule.peers):
        if not isinstance(one, PodPeer) or not isinstance(other, PodPeer):
            continue
        by_namespace, by_pods = (one, other) if one.pods is None else (other, one)
        if by_namespace.pods is None and by_pods.namespaces is None and by_pods.pods is not None:
            yield Finding(
                code=Code.AND_OR,
                about=str(ref),
                sentence=f"`{word}` has two peers side by side, {by_namespace}, OR {by_pods}: each is enough alone.",
                fix="where both must hold, write podSelector under the same dash as namespaceSelector",
            )


def _of_peer(network: Network, ref: RuleRef, peer: PodPeer) -> Iterator[Finding]:
    homes = [ref.policy.namespace]
    if peer.namespaces is not None:
        if not network.namespaces:
            return  # manifests alone: what other namespaces hold is not known
        labels = network.index.namespace_labels
        homes = [name for name in network.known_namespaces if peer.namespaces.matches(labels(name))]
        if not homes:
            yield Finding(
                code=Code.NO_NAMESPACE,
                about=str(ref),
                sentence=f"It names namespaces with {peer.namespaces}, and there is none.",
                fix="kubectl get namespaces --show-labels; every namespace has kubernetes.io/metadata.name",
            )
            return
    if not dns.is_cache(peer) and network.sees(homes) and not named_pods(network, ref.policy, peer):
        yield Finding(
            code=Code.NO_POD,
            about=str(ref),
            sentence=f"It names {peer}, and there are none.",
            fix="compare with: kubectl get pods --all-namespaces --show-labels",
        )


def _of_block(network: Network, ref: RuleRef, block: IPBlock) -> Iterator[Finding]:
    """Only narrow ranges: whoever allows a wide one does not mean the Services in it."""
    if block.cidr.num_addresses > 256:
        return
    for service in network.services:
        for address in service.addresses:
            if block.holds(address) and (service.selector or service.endpoints):
                yield Finding(
                    code=Code.SERVICE_ADDRESS,
                    about=str(ref),
                    sentence=f"{block} holds {address}, the address of Service {service}. "
                    "It is rewritten before policies are applied, so the rule does not allow it.",
                    fix=f"name what is behind it: {_behind(service)}",
                )


def _behind(service: Service) -> str:
    if service.selector:
        return "pods with " + ",".join(f"{key}={value}" for key, value in service.selector.items())
    return ", ".join(f"{one.address}:{one.port}" for one in service.endpoints)
