"""Of several schedulers, one at a time makes the triggers of a triggers.yaml; tests/cluster has two real ones do it."""

import pytest
from tests.unit.mage_ilum.test_start import INSTALL, run

SCHEDULES = """\
import os
class PipelineSchedule:
    @classmethod
    def create_or_update_batch(cls, triggers):
        print("made", triggers)
        if triggers == ["bad"]:
            raise ValueError("bad")
"""
LOCK = """\
import os
import redis
answers = os.environ["ANSWERS"].split()
class DistributedLock:
    def try_acquire_lock(self, key, timeout):
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        print(answer, key, timeout)
        if answer == "away":
            raise redis.RedisError("away")
        return answer == "mine"
    def release_lock(self, key):
        print("released", key)
"""
MAKE = (
    INSTALL
    + """\
from mage_ilum.hooks import triggers; triggers.SECONDS = 0.5
from mage_ai.orchestration.db.models.schedules import PipelineSchedule
try: PipelineSchedule.create_or_update_batch({made})
except ValueError: print("raised")
"""
)


@pytest.fixture
def mage(tmp_path):
    """Its model of triggers and its lock, as the schedulers see them."""
    for name, text in {
        "mage_ai/orchestration/db/models/schedules.py": SCHEDULES,
        "mage_ai/orchestration/utils/distributed_lock.py": LOCK,
        "redis.py": "class RedisError(Exception): ...\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("answers", "made", "said"),
    [
        ("mine", ["new"], ["mine", "made", "released"]),
        ("theirs theirs mine", ["new"], ["theirs", "theirs", "mine", "made", "released"]),
        ("mine", ["bad"], ["mine", "made", "released", "raised"]),
        ("away", ["new"], ["away", "made"]),
        ("mine", [], ["made"]),
    ],
)
def test_they_are_made_under_the_lock(mage, answers, made, said):
    done = run(MAKE.format(made=made), mage, ANSWERS=answers)
    assert [line.split()[0] for line in done.stdout.splitlines()] == said, done.stderr


def test_a_lock_that_nobody_gives_back_is_waited_for_for_a_while_and_left_alone(mage):
    done = run(MAKE.format(made=["new"]), mage, ANSWERS="theirs")
    said = [line.split()[0] for line in done.stdout.splitlines()]
    assert (said.count("theirs") > 2, said[-1]) == (True, "made"), done.stderr
