"""Which images may have a layer, and which is looked at first, by the tags of a repository."""

import pytest
from tests.unit.image.plans import make

from deploykit.image.append.candidates import FAR, NEAR, candidates

TAGS = ["latest", "0.9.80-spark3.5.1-connect-00000000", "0.9.80-spark4.1.0-connect-11111111",
        "0.9.79-spark4.1.1-connect-22222222", "0.9.80-spark4.1.1-slim-33333333", "sha256-ab.base"]  # fmt: skip


@pytest.fixture
def plan():
    return make()


def test_images_that_may_share_most_are_looked_at_first(plan):
    found = candidates("pyspark", plan, TAGS)
    assert list(found.tags) == [TAGS[2], TAGS[1], TAGS[4], TAGS[3]]
    assert len(found.first) == 4
    assert found.limit == NEAR


def test_java_is_looked_for_in_images_of_the_same_profile_alone(plan):
    assert list(candidates("jre", plan, TAGS).tags) == [TAGS[2], TAGS[1], TAGS[3]]


def test_bytecode_is_looked_for_in_images_of_the_same_mage_alone(plan):
    assert list(candidates("warm", plan, TAGS).tags) == [TAGS[2], TAGS[1], TAGS[4]]


def test_beyond_the_nearest_java_is_looked_for_in_the_highest_versions(plan):
    near = [f"0.9.80-spark4.1.1-connect-{number:08d}" for number in range(NEAR)]
    others = ["0.9.80-spark4.0.9-connect-00000000", "0.9.9-spark4.2.0-connect-00000000",
              "0.9.81-spark3.5.7-connect-00000000", "0.9.81-spark3.5.10-connect-00000000"]  # fmt: skip
    assert list(candidates("jre", plan, [*others, *near]).tags) == [*near, others[3], others[2], others[0], others[1]]


@pytest.mark.parametrize("layer", ["jre", "warm", "pyspark"])
def test_only_where_a_layer_is_worth_it_more_are_looked_at_and_the_others_counted(plan, layer):
    found = candidates(layer, plan, [f"0.9.80-spark4.1.1-connect-{number:08d}" for number in range(FAR + 2)])
    costly = layer != "pyspark"
    assert len(found.first) == (FAR if costly else NEAR)
    assert found.beyond == (2 if costly else 0)
