"""Block templates and example pipelines in a running Mage: what its own API lists, and what it makes of them."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.image.conftest import Deploykit
from tests.needs import REPOSITORY
from tests.spark.relay import Relay
from tests.unit.mage_ilum.doubles.ilum import Ilum

SPARK = "4.2.0"
SHIPPED = REPOSITORY / "images" / "mage" / "project" / "custom_templates" / "blocks"
UUIDS = sorted(template.name for template in SHIPPED.iterdir())
START_SECONDS = 120

# What an earlier image left: an older version of one template, and of another that was edited since; one was deleted.
EARLIER = """
import hashlib, json, pathlib, shutil
from mage_ilum.project.create import main

assert main(["default_repo"]) == 0
templates = pathlib.Path("default_repo/custom_templates")
record = json.loads((templates / ".mage_ilum.json").read_text())
older = b"older = 1\\n"
for name in ("ilum_spark_loader", "ilum_dynamic_sql"):
    path = f"blocks/{name}/{name}.py"
    (templates / path).write_bytes(older)
    record[path] = hashlib.sha256(older).hexdigest()
(templates / ".mage_ilum.json").write_text(json.dumps(record))
(templates / "blocks/ilum_dynamic_sql/ilum_dynamic_sql.py").write_text("mine = 1\\n")
shutil.rmtree(templates / "blocks/ilum_jdbc")
shutil.copytree(templates / "blocks/ilum_sql", templates / "blocks/mine")
(templates / "blocks/mine/ilum_sql.py").rename(templates / "blocks/mine/mine.py")
"""
# A project of Mage's own image, which runs as root, with a person's block and template in it; then the volume as the
# kubelet hands it to the group that the module's pod is of.
BY_ROOT = """
mage init default_repo >/dev/null
echo mine = 1 >default_repo/custom/mine.py
mkdir -p default_repo/custom_templates/blocks/ilum_sql
echo mine = 1 | tee default_repo/custom_templates/blocks/ilum_sql/ilum_sql.py >/dev/null
chmod -R g+rwX .
"""
FILES = "cd /home/src/default_repo && find . -type f ! -path '*/__pycache__/*' | sort | xargs sha256sum"
PREPARE = """
from mage_ilum import spark_session

with spark_session() as spark:
    spark.sql("CREATE DATABASE IF NOT EXISTS transaction_anomaly_detection").collect()
    spark.sql("CREATE DATABASE IF NOT EXISTS production").collect()
    spark.sql("DROP TABLE IF EXISTS production.logs").collect()  # other tests use the same server
    spark.sql(
        "CREATE TABLE IF NOT EXISTS transaction_anomaly_detection.transactions USING parquet AS "
        "SELECT id AS transaction_id, id % 10 AS account_id, round(rand(7) * 2000, 2) AS amount FROM range(5000)"
    ).collect()
    spark.sql(
        "CREATE TABLE production.logs USING parquet AS SELECT id, "
        "date'2026-01-01' + CAST(id % 30 AS INT) AS event_date, concat('event ', id) AS message FROM range(300)"
    ).collect()
"""
# Each template as Mage runs a block of it: the decorators are globals, and the test is called with the result.
BLOCKS = """
import io, json, runpy
from datetime import datetime
import pandas

def run(uuid, *inputs, **variables):
    blocks, tests = [], []
    kinds = ("data_loader", "transformer", "data_exporter", "custom")
    path = f"/opt/mage-ilum/project/custom_templates/blocks/{uuid}/{uuid}.py"
    runpy.run_path(path, {**dict.fromkeys(kinds, blocks.append), "test": tests.append})
    output = blocks[0](*inputs, **variables)
    for test in tests:
        test(output)
    output.to_parquet(io.BytesIO()) if isinstance(output, pandas.DataFrame) else json.dumps(output)
    return output

loaded = run("ilum_spark_loader")
sums = run("ilum_spark_transformer", pandas.DataFrame({"account_id": [1, 2]}))
day = {"execution_date": datetime(2026, 1, 2, 3, 4)}
print("blocks:", json.dumps({
    "transformed": sorted(sums.account_id.tolist()),
    "exported": run("ilum_spark_exporter", loaded.head(7)),
    "found": run("ilum_dynamic_sql", **day).id.tolist(),
    "written": [run("ilum_partition_overwrite", **day) for _ in range(2)],
    "counted": run("ilum_spark_connect_job"),
}))
"""
COUNT = """
from mage_ilum import count, spark_session

with spark_session() as spark:
    print("rows:", count(spark.table("transaction_anomaly_detection.account_totals")))
"""
RUN = """
python3 -c "$1"
python3 -m mage_ilum.project demo && mage run demo account_totals && mage run demo account_totals
python3 -c "$2"
"""


@pytest.fixture(scope="module")
def image(build: Deploykit) -> str:
    done = build("--spark", SPARK, "--profile", "slim")
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


class Mage:
    """Mage's own API, without a login."""

    def __init__(self, address: str) -> None:
        self._address = address

    def call(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        data = json.dumps(body).encode() if body else None
        asked = urllib.request.Request(
            f"http://{self._address}/api/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            content: dict[str, object] = json.load(answer)
        assert "error" not in content, content["error"]
        return content

    def is_up(self) -> bool:
        try:
            return bool(self.call("GET", "status"))
        except OSError:
            return False

    def templates(self) -> dict[str, dict[str, str]]:
        """The block templates that Mage's page lists, by name."""
        return {
            found["template_uuid"]: found
            for found in self.call("GET", "custom_templates?object_type=blocks")["custom_templates"]
        }

    def block_from(self, pipeline: str, template: dict[str, str]) -> str:
        """The code of a new block that Mage makes from a template, as the editor shows it."""
        block = {
            "name": f"from {template['template_uuid']}",
            "type": template["block_type"],
            "language": template["language"],
            "config": {"custom_template_uuid": template["template_uuid"]},
        }
        made = self.call("POST", f"pipelines/{pipeline}/blocks", {"block": block})["block"]
        return self.call("GET", f"pipelines/{pipeline}/blocks/{made['uuid']}")["block"]["content"]


@contextmanager
def server(docker: Callable[..., str], image: str, *options: str) -> Iterator[Mage]:
    """A container as `docker run IMAGE` starts it, but without a login."""
    container = docker(
        "run", "-d", "-p", "127.0.0.1::6789", "-e", "REQUIRE_USER_AUTHENTICATION=0", *options, image
    ).strip()
    try:
        yield Mage(docker("port", container, "6789").splitlines()[0])
    finally:
        docker("rm", "-f", "-v", container)


@pytest.fixture(scope="module")
def servers(docker: Callable[..., str], image: str) -> Iterator[dict[str, Mage]]:
    """Two at once: with nothing there before, and with the volume of an earlier image."""
    volume = docker("volume", "create").strip()
    try:
        docker("run", "--rm", "-v", f"{volume}:/home/src", image, "python3", "-c", EARLIER)
        with server(docker, image) as fresh, server(docker, image, "-v", f"{volume}:/home/src") as upgraded:
            limit = time.monotonic() + START_SECONDS
            while not (fresh.is_up() and upgraded.is_up()):
                assert time.monotonic() < limit, "Mage did not start"
                time.sleep(0.2)
            yield {"fresh": fresh, "upgraded": upgraded}
    finally:
        docker("volume", "rm", volume)


def test_a_fresh_project_offers_every_template_and_each_makes_a_block_that_compiles(servers):
    mage = servers["fresh"]
    found = mage.templates()
    assert sorted(found) == UUIDS
    pipeline = mage.call("POST", "pipelines", {"pipeline": {"name": "from templates", "type": "python"}})["pipeline"]
    for uuid, template in found.items():
        code = mage.block_from(pipeline["uuid"], template)
        assert code == (SHIPPED / uuid / f"{uuid}.py").read_text(encoding="utf-8")
        compile(code, uuid, "exec")


def test_a_fresh_project_has_the_examples_and_reports_to_nobody(servers):
    mage = servers["fresh"]
    pipelines = {pipeline["uuid"] for pipeline in mage.call("GET", "pipelines")["pipelines"]}
    assert {"transaction_anomaly_detection", "account_totals"} <= pipelines
    [project] = mage.call("GET", "projects")["projects"]
    assert project["help_improve_mage"] is False


def test_an_upgrade_brings_new_versions_and_keeps_what_was_edited_deleted_and_added(servers):
    mage = servers["upgraded"]
    found = mage.templates()
    assert sorted(found) == sorted({*UUIDS, "mine"} - {"ilum_jdbc"})
    pipeline = mage.call("POST", "pipelines", {"pipeline": {"name": "from templates", "type": "python"}})["pipeline"]
    codes = {uuid: mage.block_from(pipeline["uuid"], found[uuid]) for uuid in ("ilum_spark_loader", "ilum_dynamic_sql")}
    assert codes["ilum_spark_loader"] == (SHIPPED / "ilum_spark_loader" / "ilum_spark_loader.py").read_text("utf-8")
    assert codes["ilum_dynamic_sql"] == "mine = 1\n"


def test_beside_ilums_module_an_existing_project_gets_the_templates_and_keeps_every_file(
    docker: Callable[..., str], image: str
) -> None:
    """Mage's own chart, which that module wraps, gives its container no command, and the volume at /home/src."""
    volume = docker("volume", "create").strip()
    mounted = ("-v", f"{volume}:/home/src")
    before = docker("run", "--rm", "--user=0:0", *mounted, image, "sh", "-ec", BY_ROOT + FILES).splitlines()
    container = docker("run", "-d", *mounted, image).strip()
    try:
        limit = time.monotonic() + START_SECONDS
        while "block templates:" not in docker("logs", container):
            assert time.monotonic() < limit, "the start script said nothing"
            time.sleep(0.1)
        after = docker("exec", container, "sh", "-c", FILES).splitlines()
        said = docker("logs", container)
    finally:
        docker("rm", "-f", "-v", container)
        docker("volume", "rm", volume)
    assert set(before) <= set(after)
    assert f"mage-ilum: block templates: {len(UUIDS) - 1} added, 0 updated" in said
    made = {line.split()[1] for line in set(after) - set(before)}
    shipped = {
        f"./custom_templates/blocks/{path.relative_to(SHIPPED)}"
        for path in SHIPPED.rglob("*.*")
        if path.parent.name != "ilum_sql"
    }
    assert {name for name in made if "custom_templates" in name} == {*shipped, "./custom_templates/.mage_ilum.json"}


def test_the_blocks_of_spark_and_the_second_example_do_on_a_real_server_what_they_say(
    image: str, spark_server: Callable[[str], str], docker: Callable[..., str]
) -> None:
    url = spark_server(SPARK)
    host, port = url.removeprefix("sc://").split(":")

    @contextmanager
    def driver() -> Iterator[int]:  # each job's own port before the server
        with Relay((host, int(port))) as relay:
            yield relay.port

    with Ilum(server=driver) as ilum:
        said = docker(
            "run", "--rm", "--network=host", f"--env=ILUM_SPARK_CONNECT_URL={url}", f"--env=ILUM_API_URL={ilum.api}",
            "--env=ILUM_CONNECT_JOB_URL=sc://127.0.0.1:{app_id}", image,
            "/app/run_app.sh", "sh", "-ec", RUN, "run", PREPARE + BLOCKS, COUNT,
        )  # fmt: skip
    assert len(ilum.forms) == 1
    assert not ilum.jobs
    [blocks] = re.findall(r"^blocks: (.+)$", said, re.MULTILINE)
    done = json.loads(blocks)
    assert done.pop("counted") >= 5000
    assert done == {"transformed": [1, 2], "exported": 7, "found": [1], "written": [10, 10]}
    assert said.count("10 accounts have large transactions") == 2, said[-3000:]
    assert re.search(r"^rows: 10$", said, re.MULTILINE), "the second run writes the day's partition anew"
