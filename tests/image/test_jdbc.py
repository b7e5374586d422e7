"""Ilum SQL from inside the image, by SQLAlchemy and by JDBC, against Spark's own HiveServer2 on loopback."""

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.image.conftest import SPARK, Deploykit, deploykit
from tests.image.layers import entries, layers
from tests.needs import REPOSITORY, bring_up, free_port, has_testbed, missing
from tests.unit.mage_ilum import servers

from deploykit import assets

INSIDE = Path(__file__).parent / "inside"
START_SECONDS = 120
SERVE = (
    'exec "$SPARK_HOME/bin/spark-submit" --class org.apache.spark.sql.hive.thriftserver.HiveThriftServer2 '
    "--master 'local[2]' --driver-memory 768m --driver-java-options -XX:TieredStopAtLevel=1 "
    "--conf spark.ui.enabled=false "
    "--conf spark.sql.catalogImplementation=in-memory spark-internal "
    '--hiveconf hive.server2.thrift.bind.host=127.0.0.1 --hiveconf "hive.server2.thrift.port=$0"'
)


@pytest.fixture(scope="module")
def starting(needs_docker: str) -> Iterator[int]:
    """The port of a HiveServer2 that is on its way."""
    if not has_testbed():
        missing("a HiveServer2", "put the testbed at ../shared, or set DEPLOYKIT_SHARED")
    bring_up("spark-image", SPARK, what=f"an image of Spark {SPARK}", seconds=1200)
    port = free_port()
    image = f"127.0.0.1:5000/testbed/spark:{SPARK}"
    name = f"deploykit-test-hive-{port}"
    command = [needs_docker, "run", "--detach", "--rm", "--name", name, "--network=host", image, "bash", "-c", SERVE]
    subprocess.run([*command, str(port)], check=True, capture_output=True, timeout=60)
    yield port
    subprocess.run([needs_docker, "rm", "--force", name], check=False, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def with_jdbc(starting: int, build: Deploykit) -> str:
    """The image with the driver, pushed; built while the server starts."""
    done = build("--spark", SPARK, "--with", "jdbc", "--no-verify", "--push")
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def sql_url(starting: int, with_jdbc: str) -> str:
    """The address of the HiveServer2, which answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", starting), timeout=1):
            return f"hive://127.0.0.1:{starting}/default"
        time.sleep(0.2)
    pytest.fail(f"no HiveServer2 on port {starting} after {START_SECONDS} s")


@pytest.fixture(scope="module")
def run(docker: Callable[..., str]) -> Callable[..., str]:
    """Run a program in an image, on the host's network; returns what it printed."""

    def run(image: str, program: str, url: str) -> str:
        options = ["--rm", "--interactive", "--network=host", f"--env=ILUM_SQL_URL={url}"]
        return docker("run", *options, image.partition("@")[0], "python3", "-W", "error", "-", stdin=program)

    return run


def test_sqlalchemy_binds_reads_reflects_and_gives_up_in_time(run, with_jdbc, sql_url):
    assert "fine" in run(with_jdbc, (INSIDE / "sql.py").read_text(encoding="utf-8"), sql_url)


def test_jdbc_binds_reads_and_gives_up_in_time(run, with_jdbc, sql_url):
    assert "fine" in run(with_jdbc, (INSIDE / "jdbc.py").read_text(encoding="utf-8"), sql_url)


def test_the_templates_and_the_documented_profile_of_a_project_lead_to_the_server(run, with_jdbc, sql_url):
    page = (REPOSITORY / "docs" / "blocks" / "ilum-sql.md").read_text(encoding="utf-8")
    [engine_of] = [code for code in re.findall(r"```python\n(.*?)```", page, re.S) if "def engine_of" in code]
    mage_warns = "import warnings\nwarnings.simplefilter('ignore')\n"
    assert "fine" in run(with_jdbc, mage_warns + engine_of + (INSIDE / "templates.py").read_text("utf-8"), sql_url)


FAILING = """
import json, os, sys, time
from mage_ilum import ConnectionProblem, jdbc_connect, sql_engine
from mage_ilum.jdbc.machine import driver_manager

driver_manager()
answers = []
for url in os.environ["ILUM_SQL_URL"].split():
    for connect in (sql_engine, jdbc_connect):
        began = time.monotonic()
        try:
            connect(url, timeout=1)
        except ConnectionProblem as error:
            answers.append([error.code, time.monotonic() - began, str(error)])
print(json.dumps(answers))
"""


def test_a_wrong_host_a_closed_and_a_silent_port_are_told_apart_in_time(run, with_jdbc):
    with servers.refused() as closed, servers.silent() as silent:
        places = ("no-such-host.invalid", f"127.0.0.1:{closed}", f"127.0.0.1:{silent}")
        urls = " ".join(f"hive://ana:s3cr3t@{place}/default" for place in places)
        answers = json.loads(run(with_jdbc, FAILING, urls).splitlines()[-1])
    codes = [code for code, _, _ in answers]
    assert set(codes[:2]) <= {"name-unknown", "dns-silent"}
    assert codes[2:] == ["refused", "refused", "silent", "silent"]
    for _, seconds, text in answers:
        assert seconds < 2
        assert "s3cr3t" not in text


WITHOUT = """
from mage_ilum import NoJdbcDriverError, jdbc_connect

try:
    jdbc_connect("hive://127.0.0.1/default")
except NoJdbcDriverError as error:
    print(error)
"""


def test_an_image_without_the_driver_says_how_to_get_it(run, connect):
    assert "--with jdbc" in run(connect.tagged, WITHOUT, "")


def test_the_driver_is_verified_in_the_image(docker, with_jdbc):
    program = (assets.image() / "verify" / "inside.py").read_text(encoding="utf-8")
    said = docker("run", "--rm", "--network=none", with_jdbc.partition("@")[0], "python3", "-c", program, "connect")
    checks = [json.loads(line) for line in said.splitlines() if line.startswith('{"check"')]
    assert {"check": "jdbc", "problem": ""} in checks
    assert not [check for check in checks if check["problem"]]


def test_the_driver_is_one_layer_that_only_adds_files(registry, own_repository, with_jdbc, connect):
    added = [layer for layer in layers(registry, with_jdbc) if layer not in layers(registry, connect.exact)]
    found = [{entry.path for entry in entries(registry, own_repository, layer)} for layer in added]
    [jdbc] = [paths for paths in found if any(path.startswith("/opt/jdbc/") for path in paths)]
    assert not [path for path in jdbc if ".wh." in path]
    outside = [
        path for path in jdbc if not path.startswith(("/opt", "/usr/local/lib/python3.10/site-packages", "/usr"))
    ]
    assert outside in ([], ["/"])


def test_the_driver_is_refused_where_there_is_no_java():
    done = deploykit("image", "--spark", SPARK, "--profile", "slim", "--with", "jdbc")
    assert done.returncode == 2
    assert "--with jdbc needs Java, which profile slim does not have." in done.stderr
