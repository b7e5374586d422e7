"""A registry with an image of a plan in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tests.unit.image.plans import make
from tests.unit.registry.server import SmallRegistry, running
from tests.unit.supply_chain.images import Said, push

from deploykit.plan import Plan
from deploykit.registry import Registry
from deploykit.supply_chain import complete


@dataclass
class World:
    """An image that was just pushed, its plan, and where it lies."""

    small: SmallRegistry
    plan: Plan
    registry: Registry
    digest: str
    said: Said = field(default_factory=Said)

    @property
    def reference(self) -> str:
        return self.plan.reference

    def complete(self) -> None:
        complete(self.plan, self.reference, self.digest, registry=self.registry, key=None, progress=self.said)


@pytest.fixture(params=[True, False], ids=["referrers API", "tag schema"])
def world(request, isolated, monkeypatch) -> Iterator[World]:
    """In a registry of OCI 1.1, and in one from before."""
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    with running(has_referrers=request.param) as small:
        plan = make(repository=small.repository)
        registry = Registry(small.repository, timeout=1)
        yield World(small=small, plan=plan, registry=registry, digest=push(plan, registry))
