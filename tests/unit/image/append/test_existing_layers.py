"""A registry that fails while other images are looked at for layers: what was found counts, the rest is made."""

from dataclasses import replace

import pytest
from tests.unit.image.append.test_left_out import image
from tests.unit.image.plans import make
from tests.unit.registry.server import Canned
from tests.unit.steps import Steps

from deploykit.errors import UnreachableError
from deploykit.image.append import existing_layers
from deploykit.image.layers.keys import keys
from deploykit.registry import Registry

pytestmark = pytest.mark.usefixtures("isolated")

NEAREST, NEXT = (f"0.9.80-spark4.1.1-connect-{number:08d}" for number in range(2))


@pytest.fixture
def plan(small):
    """Of a repository whose nearest image has the warm layer, and whose next one cannot be asked for."""
    plan = replace(make(), repository=small.repository)
    image(small, plan, NEAREST)
    small.image(NEXT)
    small.canned["HEAD", NEXT] = [Canned(status=429, headers={"Retry-After": "600"})] * 2
    return plan


def find(plan, *, spare: tuple[str, ...], told: Steps) -> set[str]:
    wanted = {name: key for name, key in keys(plan).items() if name in ("warm", "pyspark")}
    registry = Registry(plan.repository, timeout=1, progress=told)
    return existing_layers.find(plan, wanted, registry, spare=spare, progress=told).keys()


def test_what_can_be_made_as_well_is_looked_for_no_further_and_it_is_said(plan):
    told = Steps()
    assert find(plan, spare=("pyspark",), told=told) == {"warm"}
    [said] = told.said
    assert said.startswith("Layers of other images are looked for no further: ")
    assert "too many requests (429)" in said


def test_what_cannot_be_made_here_is_not_taken_for_absent(plan):
    with pytest.raises(UnreachableError):
        find(plan, spare=("warm",), told=Steps())
