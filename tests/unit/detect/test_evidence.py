"""Weighing evidence."""

from itertools import permutations

import pytest

from deploykit.detect.evidence import Confidence, Evidence, merge
from deploykit.versions import SparkVersion


def clue(version, confidence, server="a", **more):
    source = f"{confidence} source"
    return Evidence(
        source=source,
        version=SparkVersion.parse(version),
        where=f"{server}/{source}",
        confidence=confidence,
        server=server,
        **more,
    )


def test_one_clue_is_the_answer():
    found = merge([clue("4.1.1", Confidence.LOW)])
    assert (str(found.version), found.confidence, found.disagreements) == ("4.1.1", Confidence.LOW, ())


def test_the_strongest_clue_decides_and_the_weaker_is_shown_in_any_order():
    clues = [clue("3.5.7", Confidence.HIGH), clue("4.1.1", Confidence.MEDIUM), clue("3.5.7", Confidence.LOW)]
    for order in permutations(clues):
        found = merge(order)
        assert (str(found.version), found.confidence) == ("3.5.7", Confidence.HIGH)
        assert found.evidence == tuple(clues)
        assert found.disagreements == (
            "a: the medium source says 4.1.1, the high source 3.5.7. The high source counts.",
        )


def test_equally_strong_clues_that_differ_are_settled_for_the_older():
    found = merge([clue("4.1.1", Confidence.HIGH), clue("4.0.0", Confidence.HIGH)])
    assert str(found.version) == "4.0.0"
    assert found.disagreements == ("a: the high source says 4.1.1, the high source 4.0.0. The older one counts.",)


def test_of_several_servers_the_oldest_decides_and_it_is_said():
    found = merge([clue("4.1.1", Confidence.CERTAIN, "new"), clue("3.5.7", Confidence.HIGH, "old")])
    assert (str(found.version), found.confidence) == ("3.5.7", Confidence.HIGH)
    assert found.disagreements == (
        "The servers differ: new runs 4.1.1, old runs 3.5.7. The oldest decides: a newer client would not fit it.",
    )
    assert found.decisive.where == "old/high source"


def test_a_flavour_is_no_disagreement():
    found = merge([clue("3.5.3", Confidence.HIGH), clue("3.5.3-delta", Confidence.LOW)])
    assert (str(found.version), found.disagreements) == ("3.5.3", ())


@pytest.mark.parametrize("weak", [Confidence.LOW, Confidence.MEDIUM])
def test_the_one_server_that_answers_is_the_one_driver_of_the_namespace_whatever_submitted_it(weak):
    found = merge([clue("4.1.1", Confidence.CERTAIN, "sc://a"), clue("3.5.7", weak, "ilum/driver")])
    assert (str(found.version), {item.server for item in found.evidence}) == ("4.1.1", {"sc://a"})
    assert found.disagreements == (
        f"sc://a: the {weak} source says 3.5.7, the certain source 4.1.1. The certain source counts.",
    )


def test_executors_of_another_version_prove_that_the_driver_is_another_server():
    clues = [
        clue("4.1.1", Confidence.CERTAIN, "sc://a"),
        clue("4.1.1", Confidence.MEDIUM, "ilum/driver"),
        clue("3.5.7", Confidence.HIGH, "ilum/driver"),
    ]
    assert str(merge(clues).version) == "3.5.7"


def test_several_drivers_are_not_taken_for_the_server_that_answers():
    clues = [clue("4.1.1", Confidence.CERTAIN, "sc://a"), *(clue("3.5.7", Confidence.LOW, f"d/{n}") for n in range(2))]
    assert str(merge(clues).version) == "3.5.7"


@pytest.mark.parametrize("planned", [Confidence.SLIGHT, Confidence.GUESS])
def test_what_runs_comes_before_an_older_plan_and_the_stale_one_is_named(planned):
    stale = clue("3.5.3", planned, "plan", note="It may be stale.")
    found = merge([clue("4.1.1", Confidence.LOW), stale])
    assert (str(found.version), found.confidence) == ("4.1.1", Confidence.LOW)
    assert found.disagreements == (
        f"plan/{planned} source: the {planned} source says 3.5.3, but 4.1.1 runs. It may be stale.",
    )


def test_where_nothing_runs_a_job_comes_before_a_default():
    found = merge([clue("4.1.1", Confidence.SLIGHT, "job"), clue("3.5.3", Confidence.GUESS, "Ilum")])
    assert (str(found.version), found.confidence) == ("4.1.1", Confidence.SLIGHT)
    assert found.disagreements == ("Ilum/guess source: the guess source says 3.5.3, but 4.1.1 is asked for.",)


def test_of_two_defaults_the_one_that_may_be_stale_does_not_count():
    found = merge([clue("3.5.3", Confidence.GUESS, note="It may be stale."), clue("4.1.1", Confidence.GUESS)])
    assert str(found.version) == "4.1.1"
    assert found.disagreements == (
        "a: the guess source says 3.5.3, the guess source 4.1.1. The guess source counts. It may be stale.",
    )


def test_a_plan_for_the_application_that_runs_is_about_the_same_server():
    clues = [
        clue("4.1.1", Confidence.HIGH, "ilum/driver", application="spark-1"),
        clue("3.5.7", Confidence.SLIGHT, "Ilum job nightly", application="spark-1"),
    ]
    found = merge(clues)
    assert {item.server for item in found.evidence} == {"ilum/driver"}
    assert found.disagreements == (
        "ilum/driver: the slight source says 3.5.7, the high source 4.1.1. The high source counts.",
    )


def test_plans_that_agree_with_what_runs_are_no_disagreement():
    clues = [
        clue("4.1.1", Confidence.HIGH),
        clue("4.1.1", Confidence.SLIGHT, "b"),
        clue("4.1.1", Confidence.GUESS, "c"),
    ]
    assert merge(clues).disagreements == ()
