"""Real Spark Connect servers on the loopback address, for tests that need no cluster."""

import functools
import os
import socket
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.needs import REGISTRY, TESTBED, TESTS_CACHE, bring_up, free_port, has_testbed, locked, missing, run_folder
from tests.pyspark_wheels import wheel

OPTIONS = (
    *("--conf", "spark.driver.defaultJavaOptions=-XX:+UseSerialGC"),
    *("--conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1"),
    *("--conf", "spark.sql.shuffle.partitions=2"),
    *("--conf", "spark.sql.codegen.wholeStage=false"),
    *("--conf", "spark.sql.codegen.factoryMode=NO_CODEGEN"),
)
"""How a server runs that lives for minutes on two cores: nothing is compiled that is over before it pays.

Queries are interpreted, then; the cluster's Spark runs them as Spark does unless told otherwise.
"""
WITH_IMAGE = ("4.1.1", "3.5.7")
"""Of these the testbed makes an image, which pods need too; `.ci/run` has them made early."""
START_SECONDS = 90


@pytest.fixture(scope="session")
def spark_server() -> Callable[[str], str]:
    """A factory: `spark_server("4.1.1")` is the address of a real Spark Connect server, `sc://127.0.0.1:PORT`.

    The processes of a run share them, and the run ends them (`stop_spark_servers`). Each takes about 1 GB.
    """
    return functools.partial(_start, "all")


@pytest.fixture(scope="session")
def own_spark_server() -> Callable[[str], str]:
    """The same, of servers for this process alone: a long query takes the cores that another's test would wait for."""
    return functools.partial(_start, str(os.getpid()))


def _start(owner: str, version: str) -> str:
    if not has_testbed():
        missing("a real Spark Connect server", "put the testbed at ../shared, or set DEPLOYKIT_SHARED")
    known = run_folder() / f"spark-{version}-{owner}.port"
    with locked(run_folder() / "ports.lock"):
        if not known.exists():
            known.write_text(str(free_port()))  # before it starts, so that the run ends it in any case
    port = known.read_text()
    if port not in _started:
        what = f"a Spark {version} Connect server"
        if version in WITH_IMAGE:
            bring_up("spark", version, port, what=what, seconds=1200, SPARK_OPTIONS=" ".join(OPTIONS))
        else:
            bring_up("spark-image", WITH_IMAGE[0], what=what, seconds=1200)
            with locked(run_folder() / f"spark-{port}.lock"):
                _run(version, port, what=what)
        _started.add(port)
    return f"sc://127.0.0.1:{port}"


_started: set[str] = set()
"""The ports of the servers that this process has seen come up."""


def _run(version: str, port: str, *, what: str) -> None:
    """As the testbed does, but with this version's files in another's image: to make one of its own takes a minute."""
    if _listens(port):
        return
    home, name = "/usr/local/lib/python3.10/site-packages/pyspark", f"testbed-spark-{port}"
    settings = ("--conf", "spark.ui.enabled=false", "--conf", "spark.connect.grpc.binding.address=127.0.0.1")
    _docker("rm", "--force", name)
    begun = _docker(
        *("run", "--detach", "--name", name, "--network", "host", "--volume", f"{_distribution(version)}:{home}:ro"),
        *(f"{REGISTRY}/testbed/spark:{WITH_IMAGE[0]}", f"{home}/bin/spark-submit"),
        *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"),
        *("--driver-memory", "1g", *settings, "--conf", f"spark.connect.grpc.binding.port={port}", *OPTIONS),
        "spark-internal",
    )
    limit = time.monotonic() + START_SECONDS
    while not _listens(port):
        if begun.returncode or time.monotonic() > limit:
            said = (_docker("logs", "--tail=5", name) if begun.returncode == 0 else begun).stdout.splitlines()
            missing(what, said[-1] if said else f"it did not listen within {START_SECONDS} s")
        time.sleep(0.2)


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What it says, on whichever stream."""
    command = ["/usr/bin/docker", *arguments]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=600
    )


def _listens(port: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(port))) == 0


def _distribution(version: str) -> Path:
    """The package `pyspark` with its jars, made once and kept in the user's cache."""
    packed = wheel(version, jars=True)
    folder = TESTS_CACHE / "spark" / f"{version}-{packed.sha256[:8]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f"{folder.name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as half:
                made = Path(half, "made")
                with zipfile.ZipFile(packed.path) as archive:
                    archive.extractall(made)
                for script in (made / "pyspark" / "bin").iterdir():
                    script.chmod(0o755)
                made.replace(folder)
    return folder / "pyspark"


def stop_spark_servers() -> None:
    """End the servers of this run."""
    for known in run_folder().glob("spark-*.port"):
        subprocess.run(
            [TESTBED / "spark", "stop", known.read_text()], check=False, timeout=60, stdin=subprocess.DEVNULL
        )
