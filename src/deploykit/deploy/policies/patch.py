"""What to apply so that a denied connection is allowed: NetworkPolicies that only add, never isolate."""

import hashlib
import json
import re

from deploykit.deploy.policies.evaluate import Answer, Decision, Path
from deploykit.deploy.policies.index import End
from deploykit.deploy.policies.model import JOB_LABELS, NAMESPACE_NAME, Pod, Service
from deploykit.deploy.policies.selector import Labels, Requirement, Selector
from deploykit.kubernetes_api import Item
from deploykit.spark_pods import RUN_LABEL

_OF_ONE_RUN = frozenset(
    {
        "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", *JOB_LABELS,
        "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index",
        "apps.kubernetes.io/pod-index", "statefulset.kubernetes.io/pod-name", RUN_LABEL, "spark-exec-id",
        "spark-version", "helm.sh/chart", "app.kubernetes.io/version", "app.kubernetes.io/managed-by",
    }
)  # fmt: skip
"""Labels whose values change with each roll-out, run or release."""


def patch(answer: Answer) -> tuple[Item, ...]:
    """NetworkPolicies for `kubectl apply`, one for each end and direction that denies; none where nothing is denied.

    Each selects only pods that a policy isolates in that direction already, so it isolates nobody. Pods are named by
    labels that outlive a restart; an end outside the cluster, or on the host's network, by its address. A pod that has
    no such label gets no policy: it would open a whole namespace. All that Mage goes to there may be a whole one.
    """
    found: dict[str, Item] = {}
    for path in answer.paths:
        for decision in path.decisions:
            item = None if decision.allowed else _policy(decision, path, answer)
            if item is not None:  # pods behind one Service often have one policy in common
                found.setdefault(f"{item['metadata']['namespace']} {item['spec']}", item)
    return tuple(found.values())


def _policy(decision: Decision, path: Path, answer: Answer) -> Item | None:
    pod, peer = decision.end.pod, _peer(decision, answer)
    selected = Selector() if pod is None else _selected(decision, pod)
    if pod is None or peer is None or not selected.requirements:
        return None
    place, outward = path.place, decision.direction == "egress"
    rule = {"to" if outward else "from": [peer], "ports": [{"protocol": place.protocol, "port": place.port}]}
    spec = {
        "podSelector": selector_json(selected),
        "policyTypes": ["Egress" if outward else "Ingress"],
        decision.direction: [rule],
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": _name(decision, spec), "namespace": pod.namespace},
        "spec": spec,
    }


def _name(decision: Decision, spec: Item) -> str:
    """Words for people, and a hash: applied twice it is one policy, and no other patch replaces it."""
    to = "to" if decision.direction == "egress" else "from"
    unique = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    return "-".join(("allow", _word(decision.end), to, _word(decision.peer), unique))


def selector_json(selector: Selector) -> Item:
    """A selector as the API has it, in `matchLabels` where that is enough."""
    simple = [one for one in selector.requirements if one.operator == "In" and len(one.values) == 1]
    labels = {one.key: one.values[0] for one in simple}
    rest = [one for one in selector.requirements if one not in simple or labels[one.key] != one.values[0]]
    expressions = [
        {"key": one.key, "operator": one.operator} | ({"values": list(one.values)} if one.values else {})
        for one in rest
    ]
    return ({"matchLabels": labels} if labels else {}) | ({"matchExpressions": expressions} if expressions else {})


def _selected(decision: Decision, pod: Pod) -> Selector:
    """The narrowest selector of those that isolate the pod, and the pod's own labels where that is everything."""
    narrowest = max((policy.pods for policy in decision.policies), key=lambda one: len(one.requirements))
    return narrowest if narrowest.requirements else _own(pod)


def _own(pod: Pod) -> Selector:
    """A pod by labels that last, else by being of a Job; without a condition where it has neither."""
    kept = lasting(pod.labels)
    if not kept and JOB_LABELS[0] in pod.labels:
        return Selector((Requirement(JOB_LABELS[0], "Exists"),))
    return Selector.labels(kept)


def _peer(decision: Decision, answer: Answer) -> Item | None:
    """How a rule names the peer; `None` for one that has no label to let in, or whose address is not known."""
    pod, address = decision.peer.pod, decision.peer.address
    if pod is None or pod.host_network:
        return None if address is None else {"ipBlock": {"cidr": f"{address}/{address.max_prefixlen}"}}
    service = answer.target if decision.direction == "egress" else None
    labels = lasting(service.selector) if isinstance(service, Service) else {}
    selector = Selector.labels(labels) if labels else _own(pod)
    if not selector.requirements and decision.direction == "ingress":
        return None
    return {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: pod.namespace}},
        "podSelector": selector_json(selector),
    }


def lasting(labels: Labels) -> dict[str, str]:
    """The labels that stay the same from one roll-out or run to the next."""
    return {key: value for key, value in labels.items() if key not in _OF_ONE_RUN}


def _word(end: End) -> str:
    """A word of the policy's name."""
    text = end.pod.name if end.pod else str(end.address)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:24].strip("-")
