"""Pods that may talk to others and may not ask for their names."""

from collections.abc import Iterable, Iterator

from deploykit.deploy.policies import dns
from deploykit.deploy.policies.evaluate import Answer, evaluate
from deploykit.deploy.policies.explain import explain
from deploykit.deploy.policies.findings.finding import Code, Finding
from deploykit.deploy.policies.model import Network, Pod
from deploykit.deploy.policies.near_miss import near_misses

_FIX = (
    "add an egress rule for the DNS pods with UDP and TCP 53; OpenShift's listen on 5353, NodeLocal DNSCache at the "
    "ipBlock 169.254.20.10/32"
)


def of(network: Network, pods: Iterable[Pod]) -> Iterator[Finding]:
    """The pods that no DNS server answers; not those that may reach nothing at all, which is meant."""
    for pod in {network.index.group(pod): pod for pod in reversed(tuple(pods))}.values():
        policies = () if pod.host_network else network.index.selecting(pod, "egress")
        if any(policy.egress for policy in policies):
            yield from _of_pod(network, pod)


def _of_pod(network: Network, pod: Pod) -> Iterator[Finding]:
    answers = [
        evaluate(network, source=pod, target=one.target, port=one.port, protocol=one.protocol)
        for one in dns.destinations(network)
    ]
    open_by_udp = [answer for answer in answers if answer.protocol == "UDP" and _leaves(answer)]
    if not open_by_udp:
        near = [miss.sentence for answer in answers for miss in near_misses(network, answer)]
        said = explain(network, answers[0])[1:2] or (answers[0].unresolved,)
        yield Finding(
            code=Code.DNS,
            about=f"pod {pod}",
            sentence=" ".join(("It cannot ask for names.", *said, *near[:1])),
            fix=_FIX,
        )
    elif not any(answer.protocol == "TCP" and _leaves(answer) for answer in answers):
        yield Finding(
            code=Code.DNS_TCP,
            about=f"pod {pod}",
            sentence="It may ask for names by UDP only, so answers that do not fit one packet are lost.",
            fix="add TCP beside UDP 53 to the rule for DNS",
        )


def _leaves(answer: Answer) -> bool:
    return bool(answer.paths) and all(path.egress.allowed for path in answer.paths)
