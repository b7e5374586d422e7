"""Pods, policies and ports as boxes and arrows, made from the evaluator's table. Pure; `svg` and
`mermaid` draw it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deploykit.deploy.policies import Answer, Decision, Pod, Reason, Table


@dataclass(frozen=True, kw_only=True)
class Box:
    """A pod or a destination."""

    key: str
    title: str
    lines: tuple[str, ...] = ()
    """What else is written in it: where it is, which policies isolate it."""
    wrong: tuple[str, ...] = ()
    """What is in the way of its arrows."""


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """One connection. `label` is the port; `by` says what allows it, or what is in the way."""

    source: str
    target: str
    label: str
    allowed: bool
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Mage's pods on the left, what they reach on the right."""

    sources: tuple[Box, ...]
    targets: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture(table: Table) -> Picture:
    """Boxes and arrows of a table. DNS servers that another one stands in for are left out: one open way is enough."""
    rows = {kind: dict(_columns(row)) for kind, row in table.items()}
    columns = {name: answer for row in rows.values() for name, answer in row.items()}
    arrows = tuple(_arrow(kind, name, answer) for kind, row in rows.items() for name, answer in row.items())
    return Picture(
        sources=tuple(_source(kind, row, arrows) for kind, row in rows.items()),
        targets=tuple(_target(name, answer, rows) for name, answer in columns.items()),
        arrows=arrows,
    )


def _columns(row: Mapping[str, Answer]) -> Iterator[tuple[str, Answer]]:
    """The row without the DNS servers that are closed while another one is open."""
    dns_open = any(answer.allowed for answer in row.values() if answer.protocol == "UDP")
    for name, answer in row.items():
        if answer.protocol != "UDP" or answer.allowed or not dns_open:
            yield name, answer


def _source(kind: str, row: Mapping[str, Answer], arrows: tuple[Arrow, ...]) -> Box:
    answer = next(iter(row.values()), None)
    pod = answer.source if answer is not None else None
    namespace = pod.namespace if isinstance(pod, Pod) else ""
    wrong = tuple(f"{arrow.label}: {arrow.by}" for arrow in arrows if arrow.source == kind and not arrow.allowed)
    return Box(
        key=kind, title=kind, lines=(f"namespace {namespace}", *_isolation("egress", [*row.values()])), wrong=wrong
    )


def _target(name: str, answer: Answer, rows: Mapping[str, Mapping[str, Answer]]) -> Box:
    every = [row[name] for row in rows.values() if name in row]
    ends = dict.fromkeys(str(path.place.target) for path in answer.paths)
    found = [f"{end}" for end in ends] or [answer.unresolved or "nothing behind it"]
    more = [f"and {len(found) - 3} more"] if len(found) > 3 else []
    return Box(key=name, title=name, lines=(*found[:3], *more, *_isolation("ingress", every)))


def _isolation(direction: str, answers: list[Answer]) -> tuple[str, ...]:
    decisions = [one for answer in answers for path in answer.paths for one in path.decisions]
    policies = dict.fromkeys(str(policy) for one in decisions if one.direction == direction for policy in one.policies)
    return tuple(f"{direction}: {policy}" for policy in policies) or (f"{direction}: no policy",)


def _arrow(kind: str, name: str, answer: Answer) -> Arrow:
    ports = ", ".join(dict.fromkeys(f"{path.place.protocol} {path.place.port}" for path in answer.paths))
    return Arrow(
        source=kind, target=name, label=ports or f"{answer.protocol} {answer.port}", allowed=answer.allowed,
        by=_by(answer),
    )  # fmt: skip


def _by(answer: Answer) -> str:
    if not answer.paths:
        return answer.unresolved
    told = answer.denied or tuple(one for path in answer.paths for one in path.decisions)
    return "; ".join(dict.fromkeys(filter(None, map(_reason, told))))


def _reason(decision: Decision) -> str:
    if decision.reason is Reason.NO_RULE:
        return f"no {decision.direction} rule in {', '.join(map(str, decision.policies))}"
    return str(decision.allowed_by[0]) if decision.allowed_by else ""
