"""Steps and walks. They are the image's own (`python3 -m mage_ilum.check -o json` prints them); here they are made.

What a code means, and its exit code, is said once: see `deploykit.check.codes`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from deploykit.check import codes
from deploykit.errors import UnreachableError
from mage_ilum.connect.steps import LAYERS, Outcome, Step, Walk

__all__ = ["LAYERS", "Decide", "Outcome", "Step", "Walk", "decided", "failed", "one_of_these", "seen_from", "skipped"]

Decide: TypeAlias = Callable[[Step], Step | None]
"""What cluster state says of a failure that the outside cannot tell: a step in its place, or `None` for no idea."""


def failed(code: str, *, name: str = "", where: str = "here", **values: str) -> Step:
    """A failed step: all its words are the catalogue's, with `values` in the places of their names."""
    known = codes.load()[code]
    return Step(
        name=name or known.layer,
        outcome="failed",
        code=code,
        sentence=known.sentence(values),
        why=known.why(values),
        fix=known.fix(values),
        where=where,
        exit_code=known.exit,
    )


def skipped(name: str, code: str, *, where: str = "here", **values: str) -> Step:
    """A step that was not taken, and the reason."""
    return Step(name=name, outcome="skipped", code=code, sentence=codes.load()[code].sentence(values), where=where)


def seen_from(walk: Walk, where: str) -> Walk:
    """The same walk, from another place, such as `server`, a kind of pod."""
    return replace(walk, steps=tuple(replace(step, where=where) for step in walk.steps))


def decided(walk: Walk, decide: Decide | None = None) -> Walk:
    """The walk with each failure told as what it is, where `decide` knows; else as one of what it may be."""
    return replace(walk, steps=tuple(_told(step, decide) if step.outcome == "failed" else step for step in walk.steps))


def one_of_these(step: Step, unread: str = "") -> Step:
    """The same failure, with everything that it may be: the likeliest first; and what would have to be readable."""
    row = codes.load().get(step.code)
    if row is None or row.layer not in LAYERS or row.exit != UnreachableError.exit_code or len(row.causes) < 2:
        return step  # what was typed, and versions, can be seen from here; of its pods the cluster has told
    lines = ("One of these, the likeliest first:", *(f"- {cause}" for cause in row.causes), unread)
    return replace(step, why="\n".join(filter(None, lines)))


def _told(step: Step, decide: Decide | None) -> Step:
    return (decide(step) if decide else None) or one_of_these(step)
