"""A job of a block's own, made on a double of Ilum's API; a real Spark Connect server answers at its address."""

import contextlib
import subprocess

import pytest
from tests.needs import REPOSITORY
from tests.spark.relay import Relay
from tests.unit.mage_ilum.doubles.ilum import Ilum

from mage_ilum import ConnectAddress, ConnectionProblem, SparkConnectJob, dynamic_allocation, resolve, server_version

VERSION = "4.1.1"


@pytest.fixture
def ilum(server):
    """Each job gets a port of its own before the server, as a driver pod has."""
    real = ConnectAddress.parse(server(VERSION))

    @contextlib.contextmanager
    def driver():
        with Relay((real.host, real.port)) as relay:
            yield relay.port

    with Ilum(server=driver) as double:
        yield double


def test_a_block_queries_the_server_of_its_own_job(ilum, client):
    with SparkConnectJob(
        "nightly", conf=dynamic_allocation(1, 4), api=ilum.api, address="sc://127.0.0.1:{app_id}"
    ) as job:
        done = subprocess.run(
            [client(VERSION), "-m", "mage_ilum.check", job.url],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY / "images" / "mage" / "runtime")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "spark.range(1000).count() = 1000" in done.stdout
    assert not ilum.jobs
    ilum.running.close()
    with pytest.raises(ConnectionProblem):
        server_version(resolve(job.url))
