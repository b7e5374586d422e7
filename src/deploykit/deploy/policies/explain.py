"""An answer in words: the verdict, then each direction with its reason, then what would have to change."""

from collections.abc import Iterable, Iterator

from deploykit.deploy.policies.evaluate import Answer, Decision, Path, Reason
from deploykit.deploy.policies.model import Network, Pod, Service
from deploykit.deploy.policies.near_miss import near_misses
from deploykit.deploy.policies.notes import notes
from deploykit.deploy.policies.resolve import Source, Target


def explain(network: Network, answer: Answer) -> tuple[str, ...]:
    """Sentences that read from the source to the target; the first is the verdict.

    Paths that differ only by the pod behind a Service, or by the address family, are told once.
    """
    told = (sentence for path in answer.paths for sentence in _path(path, several=len(answer.paths) > 1))
    misses = (miss.sentence for miss in near_misses(network, answer))
    hints = (note.sentence for note in notes(network, answer))
    return tuple(dict.fromkeys((_verdict(answer), *told, *misses, *hints)))


def reason(network: Network, answer: Answer) -> str:
    """The same on one line: what allows it, or which policies do not, and what would have to change."""
    if not answer.paths:
        return answer.unresolved
    if answer.allowed:
        rules = (ref for path in answer.paths for decision in path.decisions for ref in decision.allowed_by[:1])
        return ", and ".join(dict.fromkeys(map(str, rules))) or allowed_by(answer.paths)
    misses = near_misses(network, answer)
    policies = ", ".join(dict.fromkeys(str(policy) for one in answer.denied for policy in one.policies))
    return f"{policies}: {misses[0].sentence if misses else no_rule(answer)}"


def allowed_by(paths: Iterable[Path]) -> str:
    """What allows both directions, each said once."""
    said = []
    for decision in (decision for path in paths for decision in path.decisions):
        match decision.reason:
            case Reason.RULE:
                said.append(str(decision.allowed_by[0]))
            case Reason.NOT_ISOLATED:
                said.append(f"no policy isolates {decision.end} for {decision.direction}")
            case Reason.OUTSIDE:
                pass
            case other:
                said.append(str(other))
    return ", and ".join(dict.fromkeys(said)) or "nothing isolates either end"


def no_rule(answer: Answer) -> str:
    """What no rule of the policies allows; empty where nothing is denied."""
    for path in answer.paths:
        for decision in path.decisions:
            if not decision.allowed:
                return f"None of their rules allows {_wanted(decision, path)}."
    return ""


def _wanted(decision: Decision, path: Path) -> str:
    preposition = "to" if decision.direction == "egress" else "from"
    return f"{path.place.protocol} {path.place.port} {preposition} {decision.peer}"


def _verdict(answer: Answer) -> str:
    target = f"{answer.protocol} port {answer.port} of {_name(answer.target)}"
    if answer.unresolved:
        return f"{_name(answer.source)} cannot reach {target}: {answer.unresolved}"
    denied = sum(not path.allowed for path in answer.paths)
    if not denied:
        return f"Policies let {_name(answer.source)} reach {target}."
    if denied < len(answer.paths):
        return f"Policies deny {_name(answer.source)} {denied} of the {len(answer.paths)} ways to {target}."
    return f"Policies deny {_name(answer.source)} {target}."


def _path(path: Path, *, several: bool) -> Iterator[str]:
    for decision in path.decisions:
        sentence = _decision(decision, path)
        if sentence:
            yield sentence
    if several and not path.allowed and path.place.target.address:
        yield f"The way to {path.place.target} at {path.place.target.address} is closed."


def _decision(decision: Decision, path: Path) -> str:
    start = f"{decision.direction.capitalize()} of {decision.end}"
    match decision.reason:
        case Reason.RULE:
            return f"{start} is allowed by {' and by '.join(map(str, decision.allowed_by))}."
        case Reason.NO_RULE:
            by = ("policy {} isolates" if len(decision.policies) == 1 else "policies {} isolate").format(
                ", ".join(map(str, decision.policies))
            )
            return f"{start} is denied: {by} it, and no rule allows {_wanted(decision, path)}."
        case Reason.OUTSIDE:
            return ""
        case reason:
            return f"{start} is allowed: {reason}."


def _name(what: Source | Target) -> str:
    match what:
        case Pod():
            return f"pod {what}"
        case Service():
            return f"Service {what}"
        case _:
            return f"address {what}"
