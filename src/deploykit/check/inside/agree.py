"""Where the evaluator and the probe differ, both are told: the probe is what Mage meets. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from deploykit.check.cluster.policy import NAME, PORT, Verdict
from deploykit.check.cluster.steps import warned
from deploykit.check.model import Step, Walk

_TRIES = {NAME: "name", PORT: "tcp"}
"""The probe's step for each of the policies'."""
_CLOSED = frozenset({"unreachable", "no-route", "dns-silent"})
_NO_ANSWER = frozenset({"dns-silent", "dns-denied", "dns-down"})
"""Of DNS. That it knows no such name is an answer."""


def agreement(policy: tuple[Step, ...], probe: Walk, verdict: Verdict) -> tuple[Step, ...]:
    """The steps of both. What policies deny and the probe did all the same is no failure; it is said."""
    tried = {step.name: step for step in probe.steps}
    told = tuple(
        replace(step, outcome="warned", exit_code=0) if step.outcome == "failed" and _open(step, tried) else step
        for step in policy
    )
    return (*told, *probe.steps, *_differences(policy, tried, verdict))


def _differences(policy: tuple[Step, ...], tried: dict[str, Step], verdict: Verdict) -> Iterator[Step]:
    for step in policy:
        values = {"kind": verdict.kind, "what": "DNS" if step.name == NAME else "Spark"}
        seen = tried.get(_TRIES[step.name])
        if step.outcome == "failed" and _open(step, tried):
            yield warned("policy", "probe-differs-open", values, where=verdict.kind)
        elif step.outcome == "ok" and seen is not None and seen.outcome == "failed" and seen.code in _CLOSED:
            yield warned("policy", "probe-differs-closed", values, where=verdict.kind)


def _open(policy: Step, tried: dict[str, Step]) -> bool:
    """Whether the probe went where a policy's step has its verdict on."""
    seen = tried.get(_TRIES[policy.name])
    if seen is None or seen.outcome == "skipped":
        return False
    return seen.outcome == "ok" or (policy.name == NAME and seen.code not in _NO_ANSWER)
