"""The whole picture: every kind of pod against every destination."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from deploykit.deploy.policies.dialled import Dialled
from deploykit.deploy.policies.evaluate import Answer, evaluate
from deploykit.deploy.policies.model import Network, Pod, Protocol
from deploykit.deploy.policies.resolve import Target

Table: TypeAlias = Mapping[str, Mapping[str, Answer]]
"""The answer by the kind of pod, then by the destination's name."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A column of the table."""

    name: str
    target: Target | str
    port: int | str
    protocol: Protocol = "TCP"
    assumed: bool = False
    """Whether what is there was not seen, and stands for what rules or a Service name."""
    what: str = ""
    """What it is to Mage, such as `Spark`; empty for what rules open besides."""
    dialled: Dialled | None = None
    """How the environment of Mage's pods names it, where it does."""


def table(network: Network, *, kinds: Mapping[str, Pod], destinations: Iterable[Destination]) -> Table:
    """May each kind of pod reach each destination? Kinds and destinations keep their order."""
    columns = tuple(destinations)
    return {
        kind: {
            column.name: evaluate(network, source=pod, target=column.target, port=column.port, protocol=column.protocol)
            for column in columns
        }
        for kind, pod in kinds.items()
    }
