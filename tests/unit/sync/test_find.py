"""Which tags of a repository are asked what they are, and what an odd one among them costs."""

import pytest
from tests.unit.registry.server import running
from tests.unit.steps import Steps
from tests.unit.sync.environments import environment, server

from deploykit.image.label_names import BASE_NAME, SPARK
from deploykit.registry import Registry
from deploykit.sync import client, find, record

pytestmark = pytest.mark.usefixtures("isolated")


def look(small, wanted):
    steps = Steps()
    return find.fitting(wanted, registry=Registry(small.repository), record=record.EMPTY, say=steps.step), steps.said


def test_of_many_tags_those_of_the_newest_mage_are_asked_and_the_others_counted():
    wanted = client.wanted(environment(), server("4.1.1"))
    with running() as small:
        for number in range(find.MOST + 10):
            small.image(f"0.9.{number}-spark4.1.1-connect-{number:08x}", labels={SPARK: "3.5.0"})
        found, said = look(small, wanted)
        asked = [one.path for one in small.asked if "/manifests/" in one.path and one.method == "HEAD"]
    assert found is None
    assert said == ["10 of 40 tags for this Spark are not looked at"]
    assert {int(path.split("/manifests/0.9.")[1].partition("-")[0]) for path in asked} == {*range(10, 40)}


def test_a_tag_that_cannot_be_read_is_left_out():
    wanted = client.wanted(environment(), server("4.1.1"))
    with running() as small:
        small.put({"schemaVersion": 1, "layers": ["none"]}, "0.9.80-spark4.1.1-connect-00000001")
        fits = small.image("0.9.80-spark4.1.1-connect-00000000", labels={SPARK: "4.1.1", BASE_NAME: wanted.base})
        found, said = look(small, wanted)
    assert found is not None
    assert found.image.digest == fits
    assert said[0].startswith("0.9.80-spark4.1.1-connect-00000001 cannot be read, and is left out: ")
