"""Detection, sessions and the example pipeline against real Spark Connect servers."""

import json
import subprocess
import sys

import pytest
from tests.needs import REPOSITORY
from tests.spark.clients import run_inside

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
    assert "the same version" in done.stdout
    assert "= 1000" in done.stdout


def test_an_older_client_works_and_is_warned(server, client):
    done = run_inside(client("3.5.7"), "sessions.py", url=server("4.1.1"))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert done.stderr.count("PySpark 3.5.7 talks to the newer Spark 4.1.1") == 1


def test_a_newer_client_is_refused_before_it_opens_anything(server, client):
    done = run_inside(client("4.2.0"), "sessions.py", url=server("4.1.1"))
    assert done.returncode != 0
    assert "IncompatibleClientError: PySpark 4.2.0 is newer than the server's Spark 4.1.1." in done.stderr
