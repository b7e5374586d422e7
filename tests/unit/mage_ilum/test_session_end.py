"""How a session ends on its server, and what stays noted where the server was not told."""

import threading
import time

import grpc
import pytest
from tests.unit.mage_ilum.doubles.kill import block
from tests.unit.mage_ilum.servers import session_server

from mage_ilum import IncompatibleClientError, UsageError, resolve
from mage_ilum.deadline import Deadline
from mage_ilum.sessions.block_run import BlockRun, running
from mage_ilum.sessions.connection import check_server, own_address, watched
from mage_ilum.sessions.open_sessions import note
from mage_ilum.sessions.termination import end_all, end_on_termination, forget

RELEASE = "/spark.connect.SparkConnectService/ReleaseSession"
RUN = BlockRun("sales", "load", "7/20261123T000000")
VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"


class Server:
    """What the server heard, and what it says to a method: nothing in it, an error, or nothing before `free`."""

    def __init__(self):
        self.heard = []
        self.errors = {}
        self.stuck = ()
        self.free = threading.Event()

    def __call__(self, method, context):
        self.heard.append(method)
        if method in self.stuck:
            self.free.wait(20)
        if method in self.errors:
            context.abort(self.errors[method], "")
        return VERSION_ANSWER if method == "AnalyzePlan" else b""


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def address(server):
    with session_server(server) as port:
        yield own_address(resolve(f"sc://127.0.0.1:{port}"))
        server.free.set()


@pytest.fixture
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv("MAGE_DATA_DIR", str(tmp_path))
    return lambda: list(tmp_path.rglob("*.json"))


def opened(address):
    """The channel of a session, as PySpark has it."""
    return watched(grpc.insecure_channel(address.endpoint), address, RUN)


def release(channel):
    """As PySpark 4 ends a session."""
    channel.unary_unary(RELEASE)(b"")


def test_a_session_that_was_released_is_no_longer_noted(server, address, notes):
    channel = opened(address)
    assert len(notes()) == 1
    release(channel)
    channel.close()
    assert (server.heard, notes()) == (["ReleaseSession"], [])


def test_a_session_that_pyspark_3_5_only_leaves_is_ended(server, address, notes):
    opened(address).close()
    assert (server.heard, notes()) == (["Interrupt", "ReleaseSession"], [])


def test_a_session_whose_server_was_not_reached_stays_noted(server, address, notes):
    server.errors = dict.fromkeys(("Interrupt", "ReleaseSession"), grpc.StatusCode.UNAVAILABLE)
    channel = opened(address)
    with pytest.raises(grpc.RpcError):
        release(channel)
    channel.close()
    assert len(notes()) == 1


def test_all_sessions_of_a_stuck_server_are_given_up_after_two_seconds(server, address, notes):
    server.stuck = ("Interrupt", "ReleaseSession")
    noted = [note(address, f"session-{number}", "mage", RUN) for number in range(3)]
    for each in noted:
        end_on_termination(each)
    begin = time.monotonic()
    end_all()
    assert time.monotonic() - begin < 2.5
    assert len(notes()) == 3
    assert not any(forget(each) for each in noted)


def test_a_server_that_is_stuck_at_an_interrupt_is_told_to_release(server, address):
    server.stuck = ("Interrupt",)
    assert note(address, "session", "mage", RUN).end(Deadline(1))
    assert server.heard == ["Interrupt", "ReleaseSession"]


def test_what_an_earlier_try_left_delays_a_session_no_longer_than_its_timeout(server, address, notes):
    server.stuck = ("Interrupt", "ReleaseSession")
    for number in range(2):
        left = note(address, f"session-{number}", "mage", RUN)
        left.path.write_text(left.path.read_text().replace('"started": "', '"started": "of another process '))
    begin = time.monotonic()
    with running(RUN):
        assert check_server(address, "4.1.1", 1.0) == "same"
    assert "Interrupt" in server.heard
    assert time.monotonic() - begin < 1.5
    assert len(notes()) == 2


def test_the_session_in_which_a_newer_client_was_refused_is_ended(server, address):
    with pytest.raises(IncompatibleClientError):
        check_server(address, "4.2.0", 5.0)
    assert server.heard == ["AnalyzePlan", "Interrupt", "ReleaseSession"]


def test_the_environment_allows_a_newer_client_too_and_nothing_but_1_does(server, address, monkeypatch):
    monkeypatch.setenv("ILUM_SPARK_ALLOW_NEWER_CLIENT", "1")
    with pytest.warns(UserWarning, match=r"PySpark 4\.3\.0 talks to the older Spark 4\.1\.1"):
        assert check_server(address, "4.3.0", 5.0) == "newer-client"
    monkeypatch.setenv("ILUM_SPARK_ALLOW_NEWER_CLIENT", "0")
    with pytest.raises(IncompatibleClientError, match="ILUM_SPARK_ALLOW_NEWER_CLIENT=1"):
        check_server(address, "4.3.0", 5.0)


@pytest.mark.parametrize("seconds", ["half a minute", "0", "nan"])
def test_a_wrong_limit_for_silence_is_told_before_the_server_is_asked(server, address, monkeypatch, seconds):
    monkeypatch.setenv("ILUM_SPARK_SILENCE_SECONDS", seconds)
    with pytest.raises(UsageError, match="ILUM_SPARK_SILENCE_SECONDS"):
        check_server(address, "4.1.1", 5.0)
    assert server.heard == []


CHILD = """
import multiprocessing, os
from mage_ilum.sessions.connection import close_at_exit

def work():
    import grpc
    from mage_ilum import resolve
    from mage_ilum.sessions.connection import own_address, watched
    address = own_address(resolve())
    global channel  # somebody holds it to the end
    channel = watched(grpc.insecure_channel(address.endpoint), address, None)

close_at_exit(os.getpid())  # as if the parent had a session too
child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join()
print(child.exitcode)
"""


def test_a_child_of_multiprocessing_ends_its_sessions(server, address):
    with block(CHILD, {"ILUM_SPARK_CONNECT_URL": f"sc://{address.endpoint}"}) as process:
        answer, trouble = process.communicate(timeout=30)
    assert (answer, trouble) == ("0\n", "")
    assert server.heard == ["Interrupt", "ReleaseSession"]
