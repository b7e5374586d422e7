"""From what a probe said to steps. Pure."""

import json
from collections.abc import Mapping
from contextlib import suppress

from deploykit.check.cluster.steps import failed, passed, warned
from deploykit.check.inside.kinds import Kind
from deploykit.check.inside.said import Said
from deploykit.check.model import Step, Walk, seen_from
from deploykit.kubernetes_api import Item

NAME = "probe"


def walk_of(kind: Kind, said: Said, *, seconds: float, start_seconds: float) -> Walk:
    """The walk that the pod printed; a single step where there is none."""
    values = {
        "kind": kind.name,
        "pod": kind.running or f"{kind.release}-check-{kind.name}",
        "namespace": kind.namespace,
        "model": str(kind.model["metadata"]["name"]),
    }
    if said.problem == "forbidden":
        return _one("probe-forbidden", {**values, "because": said.reason}, kind)
    if said.problem == "not-started":
        reason, _, because = said.reason.partition(": ")
        return _one(
            "probe-not-started", {**values, "limit": f"{start_seconds:g}", "reason": reason, "because": because}, kind
        )
    if said.problem:
        return _one("probe-silent", {**values, "limit": f"{seconds:g}", "because": said.reason}, kind)
    try:
        return seen_from(Walk.from_json(_last_json(said.out)), kind.name)
    except ValueError:
        return Walk(steps=(_in_words(kind, said, values),))


def served(kind: Kind, service: str) -> Walk:
    """No probe: a Service would send users to it."""
    return Walk(steps=(warned(NAME, "probe-served", {"kind": kind.name, "service": service}, where=kind.name),))


def _one(code: str, values: Mapping[str, str], kind: Kind) -> Walk:
    return Walk(steps=(failed(code, values, name=NAME, where=kind.name),))


def _in_words(kind: Kind, said: Said, values: Mapping[str, str]) -> Step:
    """What an image says that prints no JSON: without `mage_ilum`, or with an older one."""
    if "No module named" in said.error and "mage_ilum" in said.error:
        found = {**values, "image": str(kind.container.get("image", ""))}
        return failed("image-foreign", found, name=NAME, where=kind.name)
    lines = [line.strip() for line in (*said.error.splitlines(), *said.out.splitlines()) if line.strip()]
    found = {**values, "said": lines[-1][:200] if lines else "nothing"}
    if said.exit_code == 0:
        return passed(NAME, "probe-in-words", found, where=kind.name)
    return failed("probe-in-words", found, name=NAME, where=kind.name)


def _last_json(text: str) -> Item:
    """The last line that is an object, whatever else the image prints. Raises `ValueError`."""
    for line in reversed(text.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    raise ValueError("no JSON was printed")
