"""What a process notes of its sessions, and what the next one makes of it."""

import json
import os
import subprocess
import sys
import time

import pytest
from tests.needs import free_port
from tests.unit.mage_ilum.servers import grpc_server

from mage_ilum import resolve
from mage_ilum.deadline import Deadline
from mage_ilum.sessions.block_run import BlockRun
from mage_ilum.sessions.open_sessions import end_leftovers, note

SESSION = "11111111-2222-4333-8444-555555555555"
RUN = BlockRun("sales", "load", "7/20261123T000000")
EDITOR = BlockRun("sales", "load")


@pytest.fixture
def address():
    """A gRPC server that hears everything and knows nothing, as one that was restarted."""
    with grpc_server() as port:
        yield resolve(f"sc://127.0.0.1:{port}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MAGE_DATA_DIR", str(tmp_path))
    return tmp_path / ".mage_ilum" / "sessions"


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def gone():
    """A process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_session_is_noted_until_it_ends_and_no_parameter_with_it(folder, address):
    secret = address.with_parameters(token="s3cret")
    noted = note(secret, SESSION, "mage", RUN)
    assert [path.name.endswith(f"-{SESSION}.json") for path in folder.iterdir()] == [True]
    assert "s3cret" not in noted.path.read_text()
    noted.remove()
    assert not list(folder.iterdir())


def test_without_a_block_nothing_is_noted(folder, address):
    note(address, SESSION, "mage", None)
    assert not folder.exists()
    assert end_leftovers(address, None, Deadline(10)) == 0


def test_where_nothing_can_be_written_the_session_opens_all_the_same(tmp_path, monkeypatch, address):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MAGE_DATA_DIR", str(tmp_path / "file"))
    assert note(address, SESSION, "mage", RUN).path is None


@pytest.mark.parametrize("block_run", [RUN, EDITOR])
def test_a_session_of_a_living_process_is_let_alone(folder, address, block_run):
    noted = note(address, SESSION, "mage", block_run)
    assert end_leftovers(address, block_run, Deadline(10)) == 0
    assert noted.path.exists()


@pytest.mark.parametrize("block_run", [RUN, EDITOR])
def test_a_session_of_a_dead_process_is_ended(folder, address, block_run, gone):
    noted = note(address, SESSION, "mage", block_run)
    change(noted.path, process=gone)
    assert end_leftovers(address, block_run, Deadline(10)) == 1
    assert not noted.path.exists()


def test_a_session_that_the_server_was_not_told_of_stays_noted(folder, gone):
    address = resolve(f"sc://127.0.0.1:{free_port()}")
    noted = note(address, SESSION, "mage", RUN)
    change(noted.path, process=gone)
    assert end_leftovers(address, RUN, Deadline(10)) == 0
    assert noted.path.exists()


def test_a_new_process_with_the_old_number_is_another(folder, address):
    noted = note(address, SESSION, "mage", RUN)
    change(noted.path, started="1")
    assert end_leftovers(address, RUN, Deadline(10)) == 1


@pytest.mark.parametrize(("block_run", "ended"), [(RUN, 1), (EDITOR, 0)])
def test_on_another_host_only_a_run_is_known_to_be_over(folder, address, block_run, ended):
    noted = note(address, SESSION, "mage", block_run)
    change(noted.path, host="another-pod")
    assert end_leftovers(address, block_run, Deadline(10)) == ended


def test_another_blocks_session_and_another_servers_are_let_alone(folder, address, gone):
    other = note(address, SESSION, "mage", BlockRun("sales", "clean", RUN.run))
    change(other.path, process=gone)
    assert end_leftovers(address, RUN, Deadline(10)) == 0
    assert end_leftovers(resolve("sc://elsewhere:15002"), BlockRun("sales", "clean", RUN.run), Deadline(10)) == 0
    assert other.path.exists()


def test_what_nobody_asked_for_in_a_month_is_forgotten_and_a_long_run_is_not(folder, address):
    other = note(address, SESSION, "mage", BlockRun("sales", "clean", "1"))
    for days, kept in ((2, True), (31, False)):
        os.utime(other.path, (time.time() - days * 86_400,) * 2)
        end_leftovers(address, RUN, Deadline(10))
        assert other.path.exists() is kept


def test_half_a_note_is_no_error(folder, address):
    noted = note(address, SESSION, "mage", RUN)
    noted.path.write_text('{"endpoint": "127')
    assert end_leftovers(address, RUN, Deadline(10)) == 0


def test_a_forked_child_does_not_remove_its_parents_note(folder, address):
    noted = note(address, SESSION, "mage", RUN)
    child = os.fork()
    if child == 0:
        noted.remove()
        os._exit(0)
    os.waitpid(child, 0)
    assert noted.path.exists()
