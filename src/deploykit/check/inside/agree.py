"""Where the evaluator and the probe differ, both are told: the probe is what Mage meets. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from deploykit.check.cluster.policy import NAME, PORT, Verdict
from deploykit.check.cluster.steps import warned
from deploykit.check.model import Step, Walk

_DNS, _SPARK = "DNS", "Spark"
_CLOSED = frozenset({"unreachable", "no-route", "dns-silent"})


def agreement(policy: tuple[Step, ...], probe: Walk, verdict: Verdict) -> tuple[Step, ...]:
    """The steps of both. What policies deny and the probe did all the same is no failure; it is said."""
    tried = {step.name: step for step in probe.steps}
    open_by_probe = {NAME: _passed(tried.get("name")), PORT: _passed(tried.get("tcp"))}
    told = tuple(
        replace(step, outcome="warned", exit_code=0)
        if step.outcome == "failed" and open_by_probe.get(step.name)
        else step
        for step in policy
    )
    return (*told, *probe.steps, *_differences(policy, tried, verdict))


def _differences(policy: tuple[Step, ...], tried: dict[str, Step], verdict: Verdict) -> Iterator[Step]:
    kind = verdict.kind
    for step in policy:
        what, seen = (_DNS, tried.get("name")) if step.name == NAME else (_SPARK, tried.get("tcp"))
        if seen is None:
            continue
        if step.outcome == "failed" and _passed(seen):
            yield warned("policy", "probe-differs-open", {"kind": kind, "what": what}, where=kind)
        elif step.outcome == "ok" and seen.outcome == "failed" and seen.code in _CLOSED:
            yield warned("policy", "probe-differs-closed", {"kind": kind, "what": what}, where=kind)


def _passed(step: Step | None) -> bool:
    return step is not None and step.outcome == "ok"
