"""The last step, where PySpark is: it ends in time, and what Spark says of it is a sentence and no traceback."""

import signal
import sys
import time
from contextlib import contextmanager

import pytest
from tests.unit.check.listeners import spark

from deploykit.check import codes
from deploykit.check.from_here import Expected, walk
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


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A PySpark in deploykit's own environment: a version, and what its import does."""

    def installed(version, does=""):
        (tmp_path / "pyspark").mkdir()
        (tmp_path / "pyspark" / "__init__.py").write_text(f"{does}\n__version__ = {version!r}\n")
        monkeypatch.syspath_prepend(tmp_path)

    yield installed
    sys.modules.pop("pyspark", None)


@pytest.mark.parametrize(
    ("version", "does", "says"),
    [
        ("4.2.0", "", "PySpark 4.2.0 is beside deploykit, too new for this server, and no image was named."),
        ("4.1.1", "import py4j", "PySpark cannot be used here: No module named 'py4j'."),
        ("4.1.1", "", "PySpark cannot be used here: No module named 'pyspark.sql'"),
    ],
)
def test_a_pyspark_that_happens_to_be_beside_fails_nothing(beside, version, does, says):
    beside(version, does)
    with spark()() as url:
        found = walk(url, Expected(), timeout=3)
    step = found.steps[-1]
    assert (found.exit_code, step.name, step.outcome, step.code) == (0, "query", "skipped", "other-pyspark")
    assert says in step.sentence


def test_a_client_that_was_named_is_judged(beside):
    beside("4.2.0")
    with spark()() as url:
        assert walk(url, Expected(client="4.2.0"), timeout=3).exit_code == 3
        assert "the image has 4.1.1" in walk(url, Expected(client="4.1.1"), timeout=3).steps[-1].sentence
