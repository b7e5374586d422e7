"""The process that cleans up where ours did not."""

import os
import signal

from tests.unit.mage_ilum.doubles.kill import until

from mage_ilum.http import guard as module
from mage_ilum.http.guard import Guard


def test_what_was_given_is_done_when_the_block_ends_without_a_release(tmp_path):
    with Guard() as guard:
        guard.on_death(os.mkdir, tmp_path / "first")
        guard.on_death(os.mkdir, tmp_path / "last")
    until((tmp_path / "last").exists)
    assert not (tmp_path / "first").exists()


def test_a_released_guard_does_nothing_and_has_ended_with_the_block(tmp_path):
    with Guard() as guard:
        guard.on_death(os.mkdir, tmp_path / "never")
        guard.release()
    assert guard._child.returncode == 0
    assert not (tmp_path / "never").exists()


def test_a_guard_that_does_not_end_holds_nobody_up(monkeypatch):
    monkeypatch.setattr(module, "_END_SECONDS", 0.2)
    with Guard() as guard:
        guard.release()
        guard._child.send_signal(signal.SIGSTOP)
    assert guard._child.returncode == -signal.SIGKILL


def test_a_module_of_the_project_is_not_taken_for_one_of_pythons(tmp_path, monkeypatch):
    (tmp_path / "select.py").write_text("raise SystemExit('the project has a block of that name')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Guard() as guard:
        guard.on_death(os.mkdir, tmp_path / "done")
    until((tmp_path / "done").exists)
