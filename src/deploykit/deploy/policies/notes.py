"""Where network plugins are known to differ, for the answers that it concerns."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from deploykit.deploy.policies.evaluate import Answer, Decision, Path, is_node_of, opens
from deploykit.deploy.policies.index import RuleRef
from deploykit.deploy.policies.model import IPBlock, Network, Service


@dataclass(frozen=True)
class Note:
    """What the answer does not decide alone."""

    code: str
    sentence: str


UNREAD = "unread"
DROP_OR_REJECT = Note(
    "drop-or-reject",
    "Most plugins drop what is denied, so the client waits for its own time-out; some reject it, and the client sees "
    "'connection refused' at once.",
)
IP_BLOCK_INSIDE = Note(
    "ip-block-inside",
    "It is allowed only by an ipBlock, which holds the address of a pod or a node. The API means addresses outside the "
    "cluster: Cilium applies no ipBlock to pods and, without policy-cidr-match-mode=nodes, none to nodes.",
)
HOST_NETWORK = Note(
    "host-network",
    "For pods on the host's network the API leaves policies undefined. Most plugins treat them as their node, as this "
    "answer does: no policy selects them, and only an ipBlock or a rule for everybody names them.",
)
OWN_NODE = Note(
    "own-node",
    "The target is the pod's own node. The API lets a node reach its pods, not the reverse; plugins differ.",
)
ADDRESS_UNKNOWN = Note(
    "address-unknown",
    "The pod has no address yet, so an ipBlock that does not hold every address was not counted.",
)
END_PORT = Note(
    "end-port",
    "It is allowed by a range of ports. A plugin that does not know endPort applies only the first port.",
)
SCTP = Note("sctp", "The plugin has to support SCTP in policies.")
REWRITTEN_SOURCE = Note(
    "rewritten-source",
    "The source is outside the cluster. Load balancers and nodes may rewrite its address before policies see it.",
)
REWRITTEN_TARGET = Note(
    "rewritten-target",
    "The Service leads to no pod. Whether policies see its address or the one behind it is not defined.",
)
NOTES = {
    note.code: note
    for note in (
        DROP_OR_REJECT, IP_BLOCK_INSIDE, HOST_NETWORK, OWN_NODE, ADDRESS_UNKNOWN, END_PORT, SCTP, REWRITTEN_SOURCE,
        REWRITTEN_TARGET,
    )
}  # fmt: skip
"""By their codes: all whose sentence is always the same."""


def notes(network: Network, answer: Answer) -> tuple[Note, ...]:
    """The notes for one answer, each once, and one for each thing that could not be read."""
    found = (
        note
        for path in answer.paths
        for note in chain(
            _of_path(path, answer), *(_of_decision(network, decision, path) for decision in path.decisions)
        )
    )
    unread = (Note(UNREAD, sentence) for sentence in network.unread)
    return tuple(dict.fromkeys(chain(found, unread)))


def _of_path(path: Path, answer: Answer) -> Iterator[Note]:
    source, target = path.place.source, path.place.target
    if not path.allowed:
        yield DROP_OR_REJECT
    if any(end.pod is not None and end.pod.host_network for end in (source, target)):
        yield HOST_NETWORK
    if source.pod is not None and not source.pod.host_network and is_node_of(target, source.pod):
        yield OWN_NODE
    if path.place.protocol == "SCTP":
        yield SCTP
    if source.pod is None and path.ingress.policies:
        yield REWRITTEN_SOURCE
    if isinstance(answer.target, Service) and target.pod is None:
        yield REWRITTEN_TARGET


def _of_decision(network: Network, decision: Decision, path: Path) -> Iterator[Note]:
    refs, peer, pod = decision.allowed_by, decision.peer, decision.end.pod
    inside = peer.pod is not None or (pod is not None and peer.address in pod.node_addresses)
    if refs and inside and all(_by_block_only(network, ref, decision) for ref in refs):
        yield IP_BLOCK_INSIDE
    if refs and all(_by_range_only(ref, path) for ref in refs):
        yield END_PORT
    if not decision.allowed and peer.address is None:
        rules = (rule for policy in decision.policies for rule in policy.rules(decision.direction) or ())
        if any(isinstance(named, IPBlock) for rule in rules for named in rule.peers):
            yield ADDRESS_UNKNOWN


def _by_block_only(network: Network, ref: RuleRef, decision: Decision) -> bool:
    selectors = [named for named in ref.rule.peers if not isinstance(named, IPBlock)]
    by_labels = any(network.index.includes(named, ref.policy, decision.peer) for named in selectors)
    return bool(ref.rule.peers) and not by_labels


def _by_range_only(ref: RuleRef, path: Path) -> bool:
    first_only = tuple(replace(port, end=None) for port in ref.rule.ports)
    return not opens(first_only, path.place)
