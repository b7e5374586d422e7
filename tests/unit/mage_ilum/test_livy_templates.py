"""The block templates for Livy, as Mage runs a block made of one, against the double."""

import runpy
from datetime import datetime

import pytest
from tests.needs import REPOSITORY
from tests.unit.mage_ilum.doubles.livy import Livy

TEMPLATES = REPOSITORY / "images" / "mage" / "project" / "custom_templates" / "blocks"


class Transactions:
    """As much of a Spark session as the template's statements ask for."""

    def table(self, name: str) -> "Transactions":
        assert name == "transaction_anomaly_detection.transactions"
        return self

    def filter(self, condition: str) -> "Transactions":
        assert condition == "amount > 1000"
        return self

    def count(self) -> int:
        return 7


@pytest.fixture
def livy(monkeypatch):
    with Livy(names={"spark": Transactions()}) as service:
        monkeypatch.setenv("ILUM_LIVY_URL", service.url)
        yield service


def run(name: str, **variables):
    """Call the template's block, and its test with the result; Mage gives the decorators as globals."""
    blocks, tests = [], []
    runpy.run_path(str(TEMPLATES / name / f"{name}.py"), {"custom": blocks.append, "test": tests.append})
    [block] = blocks
    output = block(**variables)
    for test in tests:
        test(output)
    return output


def test_the_batch_gets_the_runs_date_and_is_followed_to_its_end(livy):
    output = run("ilum_livy_batch", execution_date=datetime(2026, 1, 2, 3, 4))
    assert output["application"] == "spark-0a1b"
    [submitted] = [asked.json for asked in livy.asked if asked.method == "POST"]
    assert (submitted["file"], submitted["args"]) == ("s3a://jobs/daily.py", ["2026-01-02"])


def test_the_statements_give_a_value_and_leave_no_session(livy):
    assert run("ilum_livy_statements") == {"rows": 7}
    assert not livy.sessions
