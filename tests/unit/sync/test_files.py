"""The files of a sync: one process at a time, each whole or not at all."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploykit.errors import BuildError, UsageError
from deploykit.sync import files

PROGRAM = """
import sys, pathlib
from deploykit.cli.output import progress
from deploykit.sync.files import only_one
with only_one(pathlib.Path(sys.argv[1]), progress=progress()):
    print("held", flush=True)
    sys.stdin.read()
"""


class Steps:
    """What was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.event = threading.Event()

    def step(self, text: str) -> None:
        self.said.append(text)
        self.event.set()

    def advance(self, name: str, done: int, total: int) -> None: ...

    def log(self, line: str) -> None: ...


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_says_that_it_waits_and_goes_on_when_the_first_has_ended(holder, tmp_path):
    steps = Steps()
    done = threading.Event()

    def work() -> None:
        with files.only_one(tmp_path, progress=steps):
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert steps.event.wait(10)
    assert steps.said == [f"Waiting for another deploykit at work in {tmp_path}, 1800 s at most"]
    assert not done.is_set()
    holder.kill()
    assert done.wait(10)
    thread.join()


def test_waiting_has_a_limit(holder, tmp_path):
    with (
        pytest.raises(BuildError, match="has been at work"),
        files.only_one(tmp_path, progress=Steps(), seconds=0.2),
    ):
        pass


def test_the_lock_leaves_nothing_in_the_folder(tmp_path):
    with files.only_one(tmp_path / "new", progress=Steps()):
        assert [*(tmp_path / "new").iterdir()] == []
    assert [*(tmp_path / "new").iterdir()] == []


def test_a_file_keeps_its_rights_and_a_link_stays_a_link(tmp_path):
    target = tmp_path / "real.yaml"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o600)
    link = tmp_path / "values.yaml"
    link.symlink_to(target)
    files.write(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real.yaml", "values.yaml"]


def test_what_a_killed_process_left_is_used_up(tmp_path):
    (tmp_path / ".values.yaml.part").write_text("half", encoding="utf-8")
    files.write(tmp_path / "values.yaml", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["values.yaml"]


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        files.write(tmp_path / "nothing" / "values.yaml", "x")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used"), files.only_one(Path(tmp_path / "file"), progress=Steps()):
        pass
