"""Of several schedulers, one at a time makes the triggers of a triggers.yaml; tests/cluster has Mage itself do it."""

import pytest
from tests.unit.mage_ilum.test_start import INSTALL, run

SCHEDULER = """\
class Lock:
    def try_acquire_lock(self, key, timeout):
        print("asks for", key)
        return {free}
    def release_lock(self, key):
        print("releases", key)
lock = Lock()
def sync_schedules(pipeline_uuids):
    print("makes", *pipeline_uuids)
    if pipeline_uuids == ["bad"]:
        raise ValueError
def schedule_all(pipeline_uuids):
    try:
        sync_schedules(pipeline_uuids)
    except ValueError:
        print("goes on")
"""
ASKS, RELEASES = "asks for mage_ilum_triggers", "releases mage_ilum_triggers"


@pytest.mark.parametrize("name", ["pipeline_scheduler_original", "pipeline_scheduler_project_platform"])
@pytest.mark.parametrize(
    ("free", "pipeline", "said"),
    [
        (True, "new", [ASKS, "makes new", RELEASES]),
        (True, "bad", [ASKS, "makes bad", RELEASES, "goes on"]),
        (False, "new", [ASKS]),
    ],
)
def test_they_are_made_under_the_lock_or_in_another_round(tmp_path, name, free, pipeline, said):
    folder = tmp_path / "mage_ai" / "orchestration"
    folder.mkdir(parents=True)
    (folder / f"{name}.py").write_text(SCHEDULER.format(free=free))
    done = run(f"{INSTALL}from mage_ai.orchestration import {name} as s; s.schedule_all(['{pipeline}'])", tmp_path)
    assert done.stdout.splitlines() == said, done.stderr
