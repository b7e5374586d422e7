"""One environment: what is asked for there, which servers decide, and the values file that names its image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploykit.detect.evidence import Confidence
from deploykit.errors import UsageError
from deploykit.request import Request, is_named
from deploykit.sync.drift import DEFAULTS, Kind, Policy

DEFAULT = "default"
"""The environment of a project that names none."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`token` is for the servers of the request, where it is not that of the whole process."""

    name: str
    request: Request
    values: Path
    token: str = field(default="", repr=False)
    policies: Mapping[Kind, Policy] = field(default_factory=lambda: DEFAULTS)
    confidence: Confidence = Confidence.MEDIUM
    """How sure a version has to be before an image is changed for it."""

    def __post_init__(self) -> None:
        if not is_named(self.request.repository):
            raise UsageError(
                f"{called(self.name)} does not say where its image belongs.",
                fix='--repository registry.example.com/team/mage-ilum, or `repository = "…"` in deploykit.toml',
            )


def called(name: str) -> str:
    """An environment at the start of a sentence: nobody wrote the name of the one that the options make."""
    return "The environment" if name == DEFAULT else f"Environment {name}"


def policies(*tables: Mapping[str, object]) -> Mapping[Kind, Policy]:
    """The policy of each kind that has one: the defaults, overruled table by table. Raises `UsageError`."""
    chosen = dict(DEFAULTS)
    for table in tables:
        for name, value in table.items():
            if name not in set(map(str, DEFAULTS)):
                raise UsageError(
                    f"[drift] has {name}, which has no policy.", fix=f"one of {', '.join(map(str, DEFAULTS))}"
                )
            if value not in list(Policy):
                raise UsageError(f"[drift] says {name} = {value!r}.", fix=f"one of {', '.join(Policy)}")
            chosen[Kind(name)] = Policy(str(value))
    return chosen


def refuse_shared_values(environments: list[Environment]) -> None:
    """Raise `UsageError` where two environments write one file: each would undo what the other did."""
    seen: dict[Path, str] = {}
    for environment in environments:
        path = environment.values.resolve()
        if path in seen:
            raise UsageError(
                f"Environments {seen[path]} and {environment.name} both write {environment.values}.",
                why="each would undo what the other did",
                fix='a values file for each, or one environment with server = ["sc://…", "sc://…"]',
            )
        seen[path] = environment.name
