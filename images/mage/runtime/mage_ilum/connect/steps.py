"""What a check found, layer by layer: the same shape from a pod, as JSON, and from a laptop. Never holds a secret."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

Outcome = Literal["ok", "warned", "failed", "skipped"]

Json = dict[str, str | int | list[dict[str, str | int | float]]]

LAYERS = (
    "address", "name", "tcp", "tls", "http2", "grpc", "spark-connect", "token", "version", "python", "query",
)  # fmt: skip
"""The way from Mage to Spark: each needs those before it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One layer, seen from one place. `code` is stable, for programs; `why` and `fix` are empty where all is well."""

    name: str
    outcome: Outcome
    code: str
    sentence: str
    why: str = ""
    fix: str = ""
    seconds: float = 0.0
    where: str = "here"
    exit_code: int = 0

    def __post_init__(self) -> None:
        if self.outcome not in get_args(Outcome):
            raise ValueError(f"{self.outcome!r} is no outcome of a step")


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Steps in their order, of one place or of several; what is not known is empty."""

    steps: tuple[Step, ...]
    address: str = ""
    server: str = ""
    client: str = ""
    python: str = ""

    @property
    def failure(self) -> Step | None:
        """The first step that failed: what is to be mended first."""
        return next((step for step in self.steps if step.outcome == "failed"), None)

    @property
    def exit_code(self) -> int:
        """0, or that of the first failure."""
        return self.failure.exit_code if self.failure else 0

    def to_json(self) -> Json:
        """For `-o json`; `from_json` reads it."""
        steps = [{**asdict(step), "seconds": round(step.seconds, 3)} for step in self.steps]
        code = self.failure.code if self.failure else "ok"
        known = {"address": self.address, "server": self.server, "client": self.client, "python": self.python}
        return {"code": code, "exit_code": self.exit_code, **known, "steps": steps}

    @classmethod
    def from_json(cls, answer: Mapping[str, object]) -> "Walk":
        """Read what `to_json` gave, also that of another version: raises `ValueError` for anything else."""
        steps = answer.get("steps")
        if not isinstance(steps, list):
            raise ValueError("this is no walk: it has no steps")
        known = {name: str(answer.get(name, "")) for name in ("address", "server", "client", "python")}
        return cls(steps=tuple(_step(step) for step in steps), **known)


def _step(answer: object) -> Step:
    if not isinstance(answer, Mapping):
        raise ValueError("a step is an object")
    try:
        return Step(**{name: answer[name] for name in Step.__dataclass_fields__ if name in answer})
    except TypeError as error:
        raise ValueError(f"a step lacks something: {error}") from None
