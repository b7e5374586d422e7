"""Weighing evidence."""

from itertools import permutations

from deploykit.detect.evidence import Confidence, Evidence, merge
from deploykit.versions import SparkVersion


def clue(version, confidence, server="a"):
    source = f"{confidence} source"
    return Evidence(
        source=source,
        version=SparkVersion.parse(version),
        where=f"{server}/{source}",
        confidence=confidence,
        server=server,
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
    found = merge([clue("4.1.1", Confidence.CERTAIN, "new"), clue("3.5.7", Confidence.MEDIUM, "old")])
    assert (str(found.version), found.confidence) == ("3.5.7", Confidence.MEDIUM)
    assert found.disagreements == (
        "The servers differ: new runs 4.1.1, old runs 3.5.7. The oldest decides: a newer client would not fit it.",
    )


def test_a_flavour_is_no_disagreement():
    found = merge([clue("3.5.3", Confidence.HIGH), clue("3.5.3-delta", Confidence.LOW)])
    assert (str(found.version), found.disagreements) == ("3.5.3", ())
