"""What NetworkPolicies say of one kind of pod: may it ask DNS and open the driver's port, and which say so. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from deploykit.check.cluster.state import ClusterState
from deploykit.check.cluster.steps import failed, passed, warned
from deploykit.check.model import Step
from deploykit.deploy.policies import (
    Answer,
    Code,
    Pod,
    dns_destinations,
    evaluate,
    near_misses,
    notes,
    table,
)
from deploykit.deploy.policies.allowed import Allowed
from deploykit.deploy.policies.dialled import Dialled, find
from deploykit.deploy.policies.dns import is_known as has_dns
from deploykit.deploy.policies.explain import allowed_by, no_rule
from deploykit.deploy.policies.notes import UNREAD

NAME, PORT = "policy-dns", "policy"
"""The names of the two steps."""
_FIX = "let deploykit check --from mage --patch allow.yaml write what is missing, and kubectl apply it"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answers for one kind of pod; `reach` is `None` for a target that is nothing in this cluster."""

    kind: str
    pod: Pod
    dns: tuple[Answer, ...]
    """One for each DNS server, by UDP."""
    reach: Answer | None

    @property
    def dns_allowed(self) -> bool:
        """Whether it may ask any DNS server: which one it does ask is in its `/etc/resolv.conf`."""
        return any(answer.allowed for answer in self.dns)

    @property
    def reach_allowed(self) -> bool | None:
        """Whether it may open the port; `None` where policies have nothing to say, such as without a pod."""
        return self.reach.allowed if self.reach is not None and self.reach.paths else None


def verdict(state: ClusterState, kind: str, pod: Pod, wanted: Dialled) -> Verdict:
    """Ask the evaluator for one kind of pod."""
    servers, target = dns_destinations(state.network), find(state.network, wanted)
    answers = table(state.network, kinds={kind: pod}, destinations=servers)[kind]
    return Verdict(
        kind=kind,
        pod=pod,
        dns=tuple(answers[one.name] for one in servers if one.protocol == "UDP"),
        reach=None if target is None else evaluate(state.network, source=pod, target=target, port=wanted.port),
    )


def steps(state: ClusterState, found: Verdict, wanted: Dialled, *, where: str) -> tuple[Step, ...]:
    """The verdict as steps. DNS is left out for an address, the port for a target that policies say nothing of."""
    said = []
    if not wanted.is_address:
        said.append(dns_step(state, found, where=where))
    port = port_step(state, found, wanted, where=where)
    return (*said, *((port,) if port else ()))


def dns_step(state: ClusterState, found: Verdict, *, where: str) -> Step:
    """May it ask for names?"""
    if found.dns_allowed:
        answer = next(answer for answer in found.dns if answer.allowed)
        unseen = "" if has_dns(state.network) else ", as far as may be seen: the DNS servers may not be read"
        step = passed(NAME, "policies-allow-dns", {"by": f"{allowed_by(answer.paths)}{unseen}"}, where=where)
        return replace(step, why=_differences(state, answer))
    return denial("dns-denied", state, found, found.dns[0], name=NAME, where=where)


def port_step(state: ClusterState, found: Verdict, wanted: Dialled, *, where: str) -> Step | None:
    """May it open the port?"""
    if found.reach is None or not found.reach.paths:
        return None
    if found.reach.allowed:
        step = passed(PORT, "policies-allow", {"target": str(wanted), "by": allowed_by(found.reach.paths)}, where=where)
        return replace(step, why=_differences(state, found.reach))
    return denial(deny_code(found.reach), state, found, found.reach, name=PORT, where=where)


def denial(code: str, state: ClusterState, found: Verdict, answer: Answer, *, name: str, where: str) -> Step:
    """Which policies say no, what in them nearly says yes, and what to do."""
    misses = near_misses(state.network, answer)
    decision = answer.denied[0] if answer.denied else None
    path = next((path for path in answer.paths if not path.allowed), None)
    because = (misses[0].sentence if misses else no_rule(answer), _differences(state, answer))
    policies = ", ".join(dict.fromkeys(str(policy) for one in answer.denied for policy in one.policies))
    target = f"{decision.end if code == 'ingress-denied' else decision.peer}" if decision else str(answer.target)
    port = f" port {path.place.port}" if path else ""
    values = {
        "pod": f"pod {found.pod}",
        "target": f"{target}{port}",
        "policies": policies,
        "because": "\n".join(filter(None, because)),
        "do": _FIX,
    }
    return failed(code, values, name=name, where=where)


def deny_code(answer: Answer) -> str:
    """Which side denies the port: what stands on Mage's side comes first."""
    return "egress-denied" if any(one.direction == "egress" for one in answer.denied) else "ingress-denied"


def suspicions(found: Allowed) -> Iterator[Step]:
    """What in the policies of Mage's namespace is probably not meant, and what could not be read of them.

    That a kind of Mage pod may not ask DNS is its own step's to say.
    """
    kinds = {f"pod {pod}" for pod in found.kinds.values()}
    for one in found.findings:
        if not (one.code == Code.DNS and one.about in kinds):
            values = {"about": one.about, "sentence": one.sentence, "fix": one.fix}
            yield warned(PORT, one.code, values, where="cluster")
    for sentence in found.network.unread:
        yield warned(PORT, "policy-unread", {"sentence": sentence}, where="cluster")


def _differences(state: ClusterState, answer: Answer) -> str:
    """Where network plugins differ about this answer, a line for each."""
    return "\n".join(note.sentence for note in notes(state.network, answer) if note.code != UNREAD)
