"""The fault points: each call that a sync makes of a registry, and what may go wrong with it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from tests.sync import faults
from tests.sync.calls import On
from tests.sync.registry_proxy import Fault

Scenario = Literal["idle", "find", "build", "append"]
"""Nothing has changed; the image that fits is in the registry; an engine builds and pushes it; deploykit appends it."""

OPTIONS: Mapping[Scenario, tuple[str, ...]] = {"append": ("--engine", "registry")}
"""Those of the sync."""

LOGINS: Mapping[Scenario, int] = {"idle": 1, "find": 3, "build": 3, "append": 6}
"""How often a sync logs in at most: to read and to write our repository, to ask for the base and, without an engine, to
move layers and to read from the base too; each asks a credential helper."""

ONCE = 1
FINE, ABSENT, UNREACHABLE, FAILED = 0, 2, 4, 6
"""`ABSENT`: a base that is not in its registry is a mistake in the request."""


@dataclass(frozen=True)
class Wrong:
    """A way to go wrong: from the call on, or `once`."""

    fault: Fault
    once: bool = False


ALWAYS = {
    "500": Wrong(faults.status(500)),
    "502 once": Wrong(faults.status(502), once=True),
    "login refused": Wrong(faults.status(401)),
    "not allowed": Wrong(faults.status(403)),
    "throttled": Wrong(faults.status(429, retry_after=3600)),
    "throttled once": Wrong(faults.status(429, retry_after=1), once=True),
    "connection cut": Wrong(faults.cut),
    "answer lost once": Wrong(faults.unheard, once=True),
    "captive portal": Wrong(faults.portal),
}
WAITING = {"no answer": Wrong(faults.hang), "503": Wrong(faults.status(503))}
READING = {"half an answer": Wrong(faults.half), "other JSON": Wrong(faults.garbage)}
NAMING = {"wrong digest": Wrong(faults.wrong_digest)}
UPLOADING = {"swallowed": Wrong(faults.swallow)}


def _ours(kind: str, nth: int, what: str, *, base: bool = False) -> On:
    return On(kind=kind, by="deploykit", nth=nth, what=what, base=base)


def _engine(kind: str, nth: int, what: str, *, base: bool = False) -> On:
    return On(kind=kind, by="docker", nth=nth, what=what, base=base)


CALLS: Mapping[Scenario, tuple[On, ...]] = {
    "idle": (
        _ours("challenge", 1, "first word"),
        _ours("token", 1, "token"),
        _ours("HEAD manifest by digest", 1, "deployed image"),
    ),
    "find": (
        _ours("GET manifest by digest", 1, "deployed image's manifest"),
        _ours("GET blob", 1, "deployed image's labels"),
        _ours("HEAD manifest by tag", 1, "base's digest", base=True),
        _ours("tags", 1, "tags"),
        _ours("HEAD manifest by tag", 1, "candidate's digest"),
        _ours("GET manifest by digest", 2, "candidate's manifest"),
        _ours("GET blob", 2, "candidate's labels"),
        _ours("GET manifest by digest", 3, "candidate's manifest, for its blobs"),
        _ours("HEAD blob", 1, "candidate's first blob"),
        _ours("HEAD blob", 8, "candidate's last blob"),
    ),
    "build": (
        _engine("challenge", 1, "first word"),
        _engine("token", 1, "token"),
        _engine("HEAD manifest by tag", 1, "base's digest", base=True),
        _engine("GET manifest by digest", 1, "base's manifest", base=True),
        _engine("GET blob", 1, "base's config", base=True),
        _ours("HEAD manifest by tag", 1, "tag, before the build"),
        _ours("HEAD manifest by tag", 2, "tag, before the push"),
        _engine("HEAD blob", 1, "layer, before its upload"),
        _engine("POST upload", 1, "upload of a layer, begun"),
        _engine("PATCH upload", 1, "upload of a layer"),
        _engine("PUT upload", 1, "upload of a layer, ended"),
        _engine("POST upload", 3, "upload of the config, begun"),
        _engine("PATCH upload", 3, "upload of the config"),
        _engine("PUT upload", 3, "upload of the config, ended"),
        _engine("PUT manifest by tag", 1, "manifest"),
        _ours("GET manifest by digest", 2, "pushed manifest, for its blobs"),
        _ours("HEAD blob", 1, "pushed first blob"),
        _ours("HEAD blob", 8, "pushed last blob"),
        _ours("GET manifest by digest", 3, "pushed manifest, for its labels"),
        _ours("GET blob", 2, "pushed labels"),
        _ours("referrers", 1, "attachments"),
        _ours("GET attachments", 1, "attachments, by tag"),
        _ours("token", 3, "token to write"),
        _ours("POST upload", 1, "attachment's first upload, begun"),
        _ours("PUT upload", 1, "attachment's first upload"),
        _ours("POST upload", 2, "attachment's second upload, begun"),
        _ours("PUT upload", 2, "attachment's second upload"),
        _ours("HEAD manifest by digest", 1, "attachment's manifest, asked for"),
        _ours("PUT manifest by digest", 1, "attachment's manifest"),
        _ours("PUT attachments", 1, "list of attachments"),
        _ours("HEAD manifest by tag", 3, "tag, at the end"),
    ),
    "append": (
        _ours("HEAD manifest by tag", 1, "tag, before anything is made"),
        _ours("GET manifest by digest", 1, "base's manifest", base=True),
        _ours("GET blob", 1, "base's config", base=True),
        _ours("HEAD manifest by tag", 3, "an image with layers to use again, its digest"),
        _ours("GET manifest by digest", 2, "an image with layers to use again"),
        _ours("HEAD blob", 1, "layer, before its upload"),
        _ours("POST upload", 1, "upload of a layer, begun"),
        _ours("PUT upload", 1, "upload of a layer"),
        _ours("PUT upload", 4, "upload of the config"),
        _ours("HEAD attachments", 1, "what the base holds, asked for"),
        _ours("PUT attachments", 1, "what the base holds"),
        _ours("PUT manifest by tag", 1, "manifest"),
        _ours("GET manifest by digest", 3, "manifest, for its blobs"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Point:
    """A call that goes wrong in some way; `codes`: how the sync may end."""

    scenario: Scenario
    on: On
    wrong: str
    fault: Fault

    @property
    def codes(self) -> set[int]:
        return {FINE, UNREACHABLE, FAILED} | ({ABSENT} if self.on.base else set())

    def __str__(self) -> str:
        return f"{self.scenario}: {self.on}: {self.wrong}"

    @property
    def tiresome(self) -> bool:
        """Docker tries a layer that fails five times, and waits longer each time."""
        again = self.on.kind == "HEAD blob" or self.wrong in ("500", "connection cut", "captive portal")
        return self.on.by == "docker" and self.on.times > ONCE and again and self.on.kind.endswith(("upload", "blob"))


def _wrongs(on: On) -> Mapping[str, Wrong]:
    """What makes sense for a call: the engine, for one, takes 503 as it takes 500, and waits for ever for an answer."""
    word, _, thing = on.kind.partition(" ")
    return {
        **ALWAYS,
        **(WAITING if on.by == "deploykit" or on.base else {}),
        **(READING if word in ("GET", "token", "tags", "referrers") else {}),
        **(NAMING if word != "PUT" and thing.startswith("manifest") else {}),
        **(UPLOADING if on.kind == "PUT upload" else {}),
    }


def _points() -> Iterator[Point]:
    for scenario, calls in CALLS.items():
        for on in calls:
            for name, wrong in _wrongs(on).items():
                hit = replace(on, times=ONCE) if wrong.once else on
                yield Point(scenario=scenario, on=hit, wrong=name, fault=wrong.fault)


POINTS = tuple(_points())


def one_for_each_call(points: Iterable[Point]) -> list[Point]:
    """One point of each call; the ways to go wrong take turns, so that each comes about as often as it can."""
    taken = Counter[str]()
    found = []
    for _, of_one_call in groupby(points, lambda point: (point.scenario, str(point.on))):
        point = min(of_one_call, key=lambda point: taken[point.wrong])
        taken[point.wrong] += 1
        found.append(point)
    return found
