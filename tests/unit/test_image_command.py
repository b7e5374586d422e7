"""`deploykit image`: one run, one client of the registry."""

import pytest
from tests.unit.image.plans import make

from deploykit.cli import image
from deploykit.cli.main import run
from deploykit.image.append import index
from deploykit.image.build import Result
from deploykit.image.platform import MACHINES
from deploykit.registry import Registry

pytestmark = pytest.mark.usefixtures("isolated")

REPOSITORY = "registry.example/mage"


@pytest.fixture
def clients(monkeypatch) -> list[Registry]:
    """Those that the parts of the command are given or make; nothing is built."""
    found = []

    def build(plan, *, progress, **_):
        found.append(Registry.of(plan.repository, plan, progress=progress))
        return Result(reference=plan.reference, digest="sha256:0", id="", built=True, pushed=True)

    def put(plans, registry):
        found.append(registry)
        return "tag", "sha256:0"

    monkeypatch.setattr(image, "exact", lambda asked, *_, **__: make(repository=REPOSITORY, platform=asked.platform))
    monkeypatch.setattr(image, "build", build)
    monkeypatch.setattr(image, "complete", lambda *_, registry, **__: found.append(registry))
    monkeypatch.setattr(index, "put", put)
    return found


def test_all_parts_share_a_client_and_its_login(clients):
    platforms = [option for name in MACHINES.values() for option in ("--also-platform", name)]
    assert run(["image", "--spark", "4.1.1", "--repository", REPOSITORY, "--push", *platforms]) == 0
    assert len(clients) == 5
    assert len(set(map(id, clients))) == 1
