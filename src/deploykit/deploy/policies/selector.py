"""Label selectors, with all four operators of the Kubernetes API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Labels: TypeAlias = Mapping[str, str]
Operator: TypeAlias = Literal["In", "NotIn", "Exists", "DoesNotExist"]


@dataclass(frozen=True)
class Requirement:
    """One condition on one label."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Labels) -> bool:
        """Whether labels meet it. `NotIn` holds, too, where the label is missing."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None

    def __str__(self) -> str:
        """As `kubectl get --selector` takes it."""
        match self.operator:
            case "In" if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
            case operator:
                return f"{self.key} {operator.lower()} ({', '.join(self.values)})"


@dataclass(frozen=True)
class Selector:
    """Conditions that must all hold; none: everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def labels(cls, labels: Labels) -> "Selector":
        """The selector for exactly these labels."""
        return cls(tuple(Requirement(key, "In", (value,)) for key, value in labels.items()))

    def matches(self, labels: Labels) -> bool:
        """Whether it selects what has these labels."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        """As `kubectl get --selector` takes it, or `everything`."""
        return ",".join(map(str, self.requirements)) or "everything"
