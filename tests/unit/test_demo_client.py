"""Where the demo's client cannot be had, `make demo` ends with the reason: no Python fits, or nobody was asked."""

import os
import subprocess
import sys

import pytest
from tests.needs import REPOSITORY
from tests.unit.mage_ilum.servers import failing

INSTALL = """
import sys
from pathlib import Path

import client

client.install("4.1.1", Path(sys.argv[1]))
"""


@pytest.fixture
def install(isolated, tmp_path):
    """Install the client from the package index at a port; gives what is said, and whether something is left."""

    def install(port: int) -> tuple[str, bool]:
        folder = tmp_path / "venv"
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "tools" / "demo"),
            "UV_DEFAULT_INDEX": f"http://127.0.0.1:{port}/simple",
        }
        done = subprocess.run(
            [sys.executable, "-c", INSTALL, folder],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr, (folder / "installed.txt").exists()

    return install


def test_a_python_that_cannot_carry_the_client_is_named(install):
    with failing(404) as port:  # an index that has no wheel for any Python
        said, installed = install(port)
    version = ".".join(map(str, sys.version_info[:3]))
    assert said.startswith(f"Python {version} cannot carry the locked client, and of Python 3.12, 3.11, 3.10 there is")
    assert "No solution found" in said
    assert not installed


def test_an_index_that_is_away_is_not_taken_for_a_python_that_does_not_fit(install, closed_port):
    said, installed = install(closed_port)
    assert said.startswith("The client could not be installed.")
    assert not installed
