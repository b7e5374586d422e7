"""Many sources at once: what one costs the others."""

import threading
import time

import pytest

from deploykit.detect.evidence import Confidence, Evidence
from deploykit.detect.side_by_side import Answer, Source, ask_all
from deploykit.errors import UnreachableError, UsageError
from deploykit.versions import SparkVersion
from mage_ilum.deadline import Deadline


def says(version):
    found = Evidence(
        source="x", version=SparkVersion.parse(version), where="here", confidence=Confidence.LOW, server="s"
    )
    return lambda: Answer(evidence=(found,))


def raises(error):
    def ask():
        raise error

    return ask


def versions(answer):
    return sorted(str(item.version) for item in answer.evidence)


def test_all_are_asked_at_the_same_time():
    together = threading.Barrier(8)

    def ask():
        together.wait(5)
        return says("4.1.1")()

    assert len(ask_all([Source(f"{n}", ask) for n in range(8)], Deadline(5)).evidence) == 8


def test_one_that_hangs_costs_its_own_answer_and_no_more_than_the_limit():
    hanging = threading.Event()
    began = time.monotonic()
    answer = ask_all(
        [Source("slow one", lambda: hanging.wait(30)), Source("quick one", says("4.1.1"))],
        Deadline(0.3),
    )
    hanging.set()
    assert time.monotonic() - began < 2
    assert versions(answer) == ["4.1.1"]
    assert [(item.source, item.why) for item in answer.not_asked] == [
        ("slow one", "The slow one did not answer within 0.3 s.")
    ]


def test_one_that_fails_costs_its_own_answer():
    failing = raises(UnreachableError("It refused.", why="Nobody listens."))
    answer = ask_all([Source("a", failing), Source("b", says("4.0.0")), Source("c", failing)], Deadline(5))
    assert versions(answer) == ["4.0.0"]
    assert {(item.source, item.why) for item in answer.not_asked} == {
        ("a", "It refused. Nobody listens."),
        ("c", "It refused. Nobody listens."),
    }


def test_what_an_answer_makes_possible_is_asked_within_the_same_limit():
    second = Source("second", says("3.5.7"))
    first = Source("first", lambda: Answer(evidence=says("4.1.1")().evidence, then=(second,)))
    assert versions(ask_all([first], Deadline(5))) == ["3.5.7", "4.1.1"]


@pytest.mark.parametrize("error", [UsageError("no kubeconfig"), ValueError("a bug")])
def test_a_wrong_question_and_a_bug_are_no_silence(error):
    with pytest.raises(type(error), match=str(error)):
        ask_all([Source("a", says("4.1.1")), Source("b", raises(error))], Deadline(5))


def test_nothing_to_ask_is_an_empty_answer():
    assert ask_all([], Deadline(5)) == Answer()
