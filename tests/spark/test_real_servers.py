"""Detection, sessions and the example pipeline against real Spark Connect servers."""

import json
import subprocess
import sys

import pytest
from tests.needs import REPOSITORY
from tests.spark.clients import INSIDE, run_inside
from tests.spark.relay import Relay

LINES = ["3.5.7", "4.1.1", "4.2.0"]
PROJECT = REPOSITORY / "images" / "mage" / "project"


@pytest.fixture(scope="session", params=LINES)
def version(request):
    """One Spark after the other: pytest runs together what needs the same server."""
    return request.param


def test_detect_says_what_the_server_runs(server, version):
    url = server(version)
    done = subprocess.run(
        [sys.executable, "-m", "deploykit", "detect", url, "-o", "json"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["version"], found["confidence"]) == (version, "certain")


def test_a_block_can_rely_on_its_session(server, client, version):
    done = run_inside(client(version), "sessions.py", url=server(version))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert "newer" not in done.stderr


def test_the_example_pipeline_gives_what_a_direct_query_gives(server, client, version):
    done = run_inside(client(version), "example_pipeline.py", str(PROJECT), url=server(version))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["loaded"] == result["expected"] > 1000
    assert result["smallest"] > 1000
    assert 0 < result["found"] < result["loaded"] / 50


@pytest.mark.parametrize("version", ["3.5.7", "4.1.1"], indirect=True, scope="session")
def test_the_check_passes_with_the_client_that_matches(server, client, version):
    url = server(version)
    done = subprocess.run(
        [client(version), "-m", "mage_ilum.check", url],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY / "images" / "mage" / "runtime")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "verdict  same" in done.stdout
    assert "= 1000" in done.stdout


def test_an_older_client_works_and_is_warned(server, client):
    done = run_inside(client("3.5.7"), "sessions.py", url=server("4.1.1"))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert done.stderr.count("PySpark 3.5.7 talks to the newer Spark 4.1.1") == 1


def test_a_newer_client_is_refused_before_it_opens_anything(server, client):
    done = run_inside(client("4.2.0"), "sessions.py", url=server("4.1.1"))
    assert done.returncode != 0
    assert "IncompatibleClientError: PySpark 4.2.0 is newer than the server's Spark 4.1.1." in done.stderr


@pytest.mark.parametrize("version", ["3.5.7", "4.1.1"], indirect=True, scope="session")
def test_a_server_that_goes_away_is_noticed_in_seconds_not_minutes(server, client, version):
    host, port = server(version).removeprefix("sc://").split(":")
    with Relay((host, int(port))) as relay:
        block = subprocess.Popen(
            [client(version), INSIDE / "lost_server.py"],
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(REPOSITORY / "images" / "mage" / "runtime"),
                "ILUM_SPARK_CONNECT_URL": f"sc://127.0.0.1:{relay.port}",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert block.stdout.readline() == "count 5\n"
            relay.cut()
            answer, trouble = block.communicate("go on\n", timeout=90)
        finally:
            block.kill()
            block.wait()
    assert block.returncode == 0, trouble
    failed, stopped = answer.splitlines()
    assert 5 < float(failed.removeprefix("failed after ")) < 30
    # PySpark 4 waits here for the releases of results that it began before.
    assert float(stopped.removeprefix("stopped after ")) < 20
