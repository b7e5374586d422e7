"""`deploykit check` and `python3 -m mage_ilum.check` against real Spark Connect servers of two lines."""

import json
import subprocess
import sys
import time

import pytest
from tests.needs import REPOSITORY

from deploykit.check.model import LAYERS

LINES = ["3.5.7", "4.1.1"]
RUNTIME = REPOSITORY / "images" / "mage" / "runtime"


def found(*command, seconds=60, **environment):
    """The exit code and the walk that a command prints, and how long it took, in seconds."""
    begin = time.monotonic()
    done = subprocess.run(
        (*command, "-o", "json"),
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    took = time.monotonic() - begin
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == done.returncode, done.stderr
    return answer, took


def from_here(url, *options):
    return found(sys.executable, "-m", "deploykit", "check", url, *options)


@pytest.mark.parametrize(
    ("version", "client", "code", "exit_code"),
    [
        ("3.5.7", "3.5.7", "same", 0),
        ("3.5.7", "3.5.1", "patch", 0),
        ("3.5.7", "4.1.1", "newer-client", 3),
        ("4.1.1", "4.1.1", "same", 0),
        ("4.1.1", "3.5.7", "older-client", 0),
        ("4.1.1", "4.2.0", "newer-client", 3),
    ],
)
def test_a_real_server_passes_every_layer_up_to_the_verdict(server, version, client, code, exit_code):
    answer, took = from_here(server(version), "--client", client)
    assert took < 3
    assert (answer["server"], answer["exit_code"]) == (version, exit_code)
    steps = {step["name"]: step for step in answer["steps"]}
    assert list(steps) == list(LAYERS)
    assert {steps[name]["outcome"] for name in ("address", "name", "tcp", "http2", "grpc", "spark-connect")} == {"ok"}
    assert steps["version"]["code"] == code


@pytest.mark.parametrize("version", LINES)
def test_with_pyspark_the_walk_ends_with_a_query(server, client, version):
    answer, _ = found(client(version), "-m", "mage_ilum.check", server(version), PYTHONPATH=str(RUNTIME))
    assert (answer["code"], answer["client"], answer["server"]) == ("ok", version, version)
    [query] = [step for step in answer["steps"] if step["name"] == "query"]
    assert (query["outcome"], query["sentence"]) == ("ok", "spark.range(1000).count() = 1000")


def test_a_newer_pyspark_ends_the_walk_before_its_query(server, client):
    answer, _ = found(client("4.1.1"), "-m", "mage_ilum.check", server("3.5.7"), PYTHONPATH=str(RUNTIME))
    assert (answer["code"], answer["exit_code"]) == ("newer-client", 3)
    assert "PySpark 4.1.1 is newer than the server's Spark 3.5.7." in json.dumps(answer)
