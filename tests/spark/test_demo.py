"""`make demo` on a machine without Docker: the whole job, from detection to the blocks' result."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(needs_helm):
    """What the demo prints."""
    environment = {**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock", "DEPLOYKIT_SPARK": "3.5.0"}
    environment["PATH"] = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{environment['PATH']}"
    environment.pop("DEPLOYKIT_BASE", None)
    finished = subprocess.run(
        [sys.executable, REPOSITORY / "tools" / "demo" / "demo.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_the_server_reports_the_version_of_the_pyspark_beside_it(demo):
    assert "pyspark-client==4.1.1" in demo
    assert "Spark  4.1.1" in demo


def test_values_and_policies_are_shown(demo):
    assert "network-policies.yaml" in demo
    assert "mage-server: " in demo
    assert "ilum:\n  server:\n    host: 127.0.0.1" in demo


def test_the_example_pipelines_blocks_ran_on_it(demo):
    assert "transactions above 1000" in demo


def test_what_was_left_out_is_said(demo):
    assert "The image was left out: it needs a Docker engine." in demo


def test_it_ends_with_what_to_type_next(demo):
    assert demo.rstrip().splitlines()[-1].startswith("  make image ")


def test_no_server_is_left_behind(demo):
    port = re.search(r"deploykit detect sc://127\.0\.0\.1:(\d+)", demo)[1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=3).close()
