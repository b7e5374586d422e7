"""One name for the images of two platforms: put once, and never taken for whole where it is not."""

from dataclasses import replace

import pytest
from tests.unit.image.plans import make
from tests.unit.registry.server import SmallRegistry

from deploykit.errors import BuildError
from deploykit.image.append import index
from deploykit.registry import Registry

pytestmark = pytest.mark.usefixtures("isolated")


@pytest.fixture
def plans(small: SmallRegistry):
    """Two, whose images are there."""
    both = [replace(make(platform=f"linux/{machine}"), repository=small.repository) for machine in ("amd64", "arm64")]
    for plan in both:
        small.image(plan.tag)
    return both


def test_the_index_is_put_once(small, plans):
    registry = Registry(small.repository)
    tag, digest = index.put(plans, registry)
    assert registry.digest(tag) == digest
    assert registry.missing(digest) == []
    small.asked.clear()
    assert index.put(plans, registry) == (tag, digest)
    assert small.wrote() == []


def test_an_index_that_names_what_is_lost_is_no_success(small, plans):
    registry = Registry(small.repository)
    tag, digest = index.put(plans, registry)
    old = registry.digest(plans[1].tag)
    small.image(plans[1].tag, layers=3)
    assert index.put(plans, registry) == (tag, digest), "the old image is there too, and what is there stays"
    del small.manifests[old]
    with pytest.raises(BuildError, match="has lost") as caught:
        index.put(plans, registry)
    assert old in caught.value.why
