"""Detection and sessions against real Spark Connect servers."""

import json
import subprocess
import sys

import pytest
from tests.spark.clients import run_inside

LINES = ["3.5.7", "4.1.1", "4.2.0"]


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


def test_an_older_client_works_and_is_warned(server, client):
    done = run_inside(client("3.5.7"), "sessions.py", url=server("4.1.1"))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert done.stderr.count("PySpark 3.5.7 talks to the newer Spark 4.1.1") == 1
