"""One process at a time, and each file whole or not at all."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.unit.steps import Steps

from deploykit import cache, files
from deploykit.errors import BuildError, UsageError

PROGRAM = """
import sys, pathlib
from deploykit.cli.output import progress
from deploykit.files import only_one
with only_one(pathlib.Path(sys.argv[1]), "at work", progress=progress()):
    print("held", flush=True)
    sys.stdin.read()
"""


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
        with files.only_one(tmp_path, "at work there", progress=steps, seconds=1800):
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert steps.event.wait(10)
    assert steps.said == ["Waiting for another deploykit at work there, 1800 s at most"]
    assert not done.is_set()
    holder.kill()
    assert done.wait(10)
    thread.join()


def test_waiting_has_a_limit(holder, tmp_path):
    with (
        pytest.raises(BuildError, match="Another deploykit at work there has not ended within"),
        files.only_one(tmp_path, "at work there", progress=Steps(), seconds=0.2),
    ):
        pass


def test_the_lock_leaves_nothing_in_a_folder(tmp_path):
    with files.only_one(tmp_path, "at work", progress=None):
        assert [*tmp_path.iterdir()] == []
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_that_is_said_once_and_nobody_waits(monkeypatch, code):
    def flock(*_: object) -> None:
        raise OSError(code, "words")  # as the kernel says it: it names no file

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(files, "_told", set())
    steps = Steps()
    for key in ("a", "a", "b"):
        with cache.only_one(key, steps):
            pass
    with cache.only_one("a"):
        pass
    [said] = steps.said
    assert "is on a file system without locks" in said


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def write_half(target: Path, error: type[BaseException], *, alone: bool) -> None:
    with files.writing(target, alone=alone) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_file_appears_when_it_is_complete_and_others_may_read_it_where_the_umask_says_so(
    tmp_path, alone, umask, mode
):
    target = tmp_path / "a" / "file"
    before = os.umask(umask)
    try:
        with files.writing(target, alone=alone) as file:
            file.write(b"content")
            assert not target.exists()
    finally:
        os.umask(before)
    assert target.read_bytes() == b"content"
    assert target.stat().st_mode & 0o777 == mode
    assert names(tmp_path) == ["a/file"]


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_behind_and_what_was_there_stays(tmp_path, error, alone):
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with pytest.raises(error):
        write_half(target, error, alone=alone)
    assert target.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("alone", [False, True])
def test_a_file_keeps_its_rights_and_a_link_stays_a_link(tmp_path, alone):
    target = tmp_path / "real.yaml"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o600)
    link = tmp_path / "values.yaml"
    link.symlink_to(target)
    files.write(link, "new", fix="", alone=alone)
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["real.yaml", "values.yaml"]


def test_what_a_killed_process_left_is_used_up(tmp_path):
    (tmp_path / ".values.yaml.part").write_text("half", encoding="utf-8")
    files.write(tmp_path / "values.yaml", "new", fix="", alone=True)
    assert names(tmp_path) == ["values.yaml"]


def test_two_that_write_one_file_at_once_do_not_mix(tmp_path):
    with files.writing(tmp_path / "x") as first, files.writing(tmp_path / "x") as second:
        first.write(b"first")
        second.write(b"2")
    assert (tmp_path / "x").read_bytes() == b"first"
    assert names(tmp_path) == ["x"]


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written") as raised:
        files.write(tmp_path / "file" / "values.yaml", "x", fix="another --file")
    assert raised.value.fix == "another --file"


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        files.write(pipe, "x", fix="")
        assert reader.communicate(timeout=10)[0] == b"x"
    assert pipe.is_fifo()


def test_a_text_that_is_not_utf_8_and_a_file_that_is_not_there_are_sentences(tmp_path):
    (tmp_path / "latin").write_bytes("Größe".encode("latin-1"))
    for name, why in (("latin", "not UTF-8"), ("none", "No such file or directory")):
        with pytest.raises(UsageError, match=f"{name} cannot be read") as raised:
            files.read_text(tmp_path / name)
        assert raised.value.why == why
