"""The last step, where PySpark is: it ends in time, and what Spark says of it is a sentence and no traceback."""

import signal
import time
from contextlib import contextmanager

import pytest

from deploykit.check import codes
from mage_ilum import check


@pytest.fixture
def session(monkeypatch):
    """A session that does one thing when it is opened; there is no PySpark here."""

    def opens(act):
        @contextmanager
        def spark_session(url):
            act()
            yield None

        monkeypatch.setattr(check, "spark_session", spark_session)

    return opens


def test_a_query_without_executors_is_given_up(session):
    session(signal.pause)
    begin = time.monotonic()
    step = check.query_step(None, 1)
    assert time.monotonic() - begin < 1.5
    assert (step.name, step.outcome, step.code, step.exit_code) == ("query", "failed", "query-silent", 4)
    assert codes.load()[step.code].sentence({"seconds": "1"}) == step.sentence


def test_an_error_of_sparks_own_is_told_in_one_line(session):
    def fail():
        raise RuntimeError("[NO_LUCK] There is none.\n\nJVM stacktrace: ...")

    session(fail)
    step = check.query_step(None, 5)
    assert (step.code, step.exit_code) == ("query-failed", 4)
    assert step.sentence == "The query failed: RuntimeError: [NO_LUCK] There is none."
