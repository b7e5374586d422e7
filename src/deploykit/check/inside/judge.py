"""What was gathered of each kind of Mage pod, judged together: policies, what was tried, the cluster's state. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deploykit.check.cluster import policy
from deploykit.check.cluster.decide import decide
from deploykit.check.cluster.policy import Verdict, verdict
from deploykit.check.cluster.service import crowd
from deploykit.check.cluster.state import ClusterState
from deploykit.check.image.labels import Registered
from deploykit.check.inside.agree import agreement
from deploykit.check.inside.kinds import Kind
from deploykit.check.inside.said import Said
from deploykit.check.inside.things import image_and_project
from deploykit.check.model import Decide, Step, Walk, decided
from deploykit.check.python_versions import python_step
from deploykit.deploy.policies import Pod
from deploykit.deploy.policies.dialled import Dialled

FACTS = " facts"
"""After a kind's name: what a look at image and project has said."""
_UNJUDGED = "python-unknown"


def with_python(walk: Walk, executor_python: str | None) -> Walk:
    """The verdict on Python UDFs, by the Python that the pod has."""
    steps = (
        replace(python_step(walk.python, executor_python), where=step.where) if step.code == _UNJUDGED else step
        for step in walk.steps
    )
    return replace(walk, steps=tuple(steps)) if walk.python else walk


def judged(
    state: ClusterState, wanted: Dialled | None, pods: Mapping[str, Pod], walks: Mapping[str, Walk], now: datetime
) -> Iterator[Step]:
    """The steps of each kind of pod; where the target is known, with what policies and the cluster say of them."""
    for kind, pod in pods.items():
        if wanted is None:
            yield from walks[kind].steps
        else:
            found = verdict(state, kind, pod, wanted)
            judge = decide(state, wanted, verdict=found, now=now)
            yield from _steps(state, wanted, found, walks[kind], judge)


def _steps(state: ClusterState, wanted: Dialled, found: Verdict, seen: Walk, judge: Decide) -> tuple[Step, ...]:
    """Policies, then what was tried; steps that were not taken are left out."""
    policies = policy.steps(state, found, wanted, where=found.kind)
    known = {step.code for step in policies if step.outcome == "failed"}
    told = []
    for before, after in zip(seen.steps, decided(seen, judge).steps, strict=True):
        # What the policies' step has said is not said again: here stands what the pod has met.
        again = after.code in known and after.code != before.code
        told.append(replace(after, sentence=before.sentence, why="", fix="") if again else after)
    every = agreement(policies, replace(seen, steps=tuple(told)), found)
    return tuple(step for step in every if step.outcome != "skipped" or step.code == _UNJUDGED)


def crowded(state: ClusterState, wanted: Dialled | None, now: datetime) -> list[Step]:
    """What works by chance only, whoever asks."""
    found = crowd(state, wanted) if wanted is not None else ()
    return [replace(step, name="service", where="cluster", outcome="warned", exit_code=0) for step in found]


def things(
    found: Sequence[Kind],
    said: Mapping[str, Said],
    wanted: Mapping[str, str],
    registered: Mapping[str, Registered | None],
) -> list[Step]:
    """Image and project of what runs."""
    told: list[Step] = []
    for kind in found:
        look = said.get(kind.name + FACTS)
        if look is not None:
            image = registered.get(str(kind.container["image"]))
            told += image_and_project(kind, look, wanted=wanted, registered=image)
    return told
