"""Sessions against real servers: their end, whoever brings it about, and what a block is told."""

import contextlib
import itertools
import signal
import statistics
import subprocess
import time
import uuid

import pytest
from tests.needs import REPOSITORY
from tests.spark.clients import INSIDE, run_inside
from tests.spark.relay import Relay

from mage_ilum import resolve, server_version
from mage_ilum.connect.rpc import end_session
from mage_ilum.deadline import Deadline
from mage_ilum.sessions.connection import own_address

CLIENTS = {"3.5.7": "3.5.7", "4.1.1": "4.1.1", "4.2.0": "4.2.0", "4.0.5": "4.0.2"}
"""The client for each server: of 4.0 the last that was published without jars."""
TWO_LINES = pytest.mark.parametrize("version", ["3.5.7", "4.1.1"], indirect=True, scope="session")
"""For what takes long: Spark 3.5 and 4 try again, and end sessions, each in its own way."""


@pytest.fixture(scope="session", params=CLIENTS)
def version(request):
    """One Spark after the other: pytest runs together what needs the same server."""
    return request.param


@pytest.fixture(scope="session")
def matching(client):
    """A factory: the Python with the client of a server's line."""
    return lambda version: client(CLIENTS[version])


@contextlib.contextmanager
def start_inside(python, script, *arguments, url, **environment):
    """A file of `inside/` that runs with a client; killed at the end, if it is still there."""
    with subprocess.Popen(
        [python, INSIDE / script, *arguments],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY / "images" / "mage" / "runtime"),
            "ILUM_SPARK_CONNECT_URL": url,
            **environment,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("script", ["tags.py", "returned.py"])
def test_a_block_can_rely_on(server, matching, version, script):
    done = run_inside(matching(version), script, url=server(version))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@TWO_LINES
def test_a_session_is_not_handed_on_to_another_block(server, client, version):
    url = server(version)
    other = url.replace("127.0.0.1", "localhost")
    assert other != url
    done = run_inside(client(version), "handed_on.py", other, url=url)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_a_preflight_costs_little(server, version):
    address = own_address(resolve(server(version)))
    server_version(address)
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        server_version(address)
        times.append(time.perf_counter() - begin)
    end_session(address, address.parameters["session_id"], address.parameters["user_id"], Deadline(5))
    assert statistics.median(times) < 0.06


def test_a_server_that_goes_away_in_the_middle_of_a_query_is_noticed(server, matching):
    limits = {"freeze": ("stuck", 10), "cut": ("lost", 15)}
    blocks = {}
    with contextlib.ExitStack() as stack:
        for take_away, version in itertools.product(limits, CLIENTS):  # together: all only wait
            url = server(version)
            host, port = url.removeprefix("sc://").split(":")
            relay = stack.enter_context(Relay((host, int(port))))
            here = f"sc://127.0.0.1:{relay.port}"
            block = stack.enter_context(
                start_inside(matching(version), "lost_server.py", url=here, ILUM_SPARK_SILENCE_SECONDS="4")
            )
            blocks[take_away, version] = (url, relay, block)
        for url, _, block in blocks.values():
            assert block.stdout.readline() == "count 5\n", block.stderr.read()
            session_id, user_id = block.stdout.readline().split()
            stack.callback(end_session, resolve(url), session_id, user_id, Deadline(5))
        for (take_away, _), (_, relay, block) in blocks.items():  # all are connected: their queries hold the slots
            block.stdin.write("go on\n")
            block.stdin.flush()
            assert block.stdout.readline() == "asking\n"
            getattr(relay, take_away)()
        for (take_away, version), (_, _, block) in blocks.items():
            code, limit = limits[take_away]
            answer, trouble = block.communicate(timeout=60)
            seconds, told = answer.split()[-2:]
            assert told == code, (version, trouble)
            assert float(seconds) < limit, version


@TWO_LINES
def test_a_block_that_is_asked_to_stop_ends_its_query_first(server, client, version, tmp_path):
    url, run = server(version), f"7/{uuid.uuid4()}"
    with start_inside(client(version), "killed.py", run, url=url, MAGE_DATA_DIR=str(tmp_path)) as block:
        assert block.stdout.readline() == "runs\n", block.stderr.read()
        notes = list(tmp_path.rglob("*.json"))
        assert len(notes) == 1
        block.terminate()
        block.communicate(timeout=10)
    assert block.returncode == -signal.SIGTERM  # it died of the signal, as it would have without us
    assert not notes[0].exists()
    # The query holds both of the server's slots: the next one would wait for two minutes.
    with start_inside(client(version), "next_try.py", run, url=url, MAGE_DATA_DIR=str(tmp_path)) as again:
        seconds, trouble = again.communicate(timeout=30)
    assert again.returncode == 0, trouble
    assert float(seconds) < 20
    assert not list(tmp_path.rglob("*.json"))


def test_a_process_that_leaves_its_session_open_ends_all_the_same(server, matching, version):
    for _ in range(3):  # what hangs here hangs every other time
        done = run_inside(matching(version), "left_open.py", url=server(version), timeout=30)
        assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


@pytest.mark.parametrize(("newer", "older"), [("4.1.1", "3.5.7"), ("4.2.0", "4.1.1")])
def test_a_newer_client_is_refused_either_way_and_works_where_it_is_allowed(server, client, newer, older):
    done = run_inside(client(newer), "newer_client.py", url=server(older))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert f"PySpark {newer} talks to the older Spark {older}" in done.stderr
    assert "newer_client.py:" in done.stderr  # the warning names the line that opens the session
