"""The runbook of docs/upgrade.md on a real cluster: an old and a new Spark Connect server side by side, and Mage.

In this order: each test leaves the state that the next one begins with.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.conftest import deploykit
from tests.cluster.kubectl import create_namespace, kubectl
from tests.cluster.release import LOGS, OFTEN, PROJECT, Release, trigger, until
from tests.needs import REPOSITORY, Cluster, bring_up, has_testbed, missing
from tests.spark_servers import OPTIONS

RUNBOOK = REPOSITORY / "docs" / "upgrade.md"
SPARK_NAMESPACE = "upgrade-spark"
OLD, NEW = "3.5.7", "4.1.1"

# A driver as a Spark Connect job has it, with the label that the runbook gives the job; it is its own only executor.
DRIVER = """
apiVersion: v1
kind: Pod
metadata: {{name: {label}, labels: {{spark-role: driver, spark-version: {version}, connect: {label}}}}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: spark-kubernetes-driver
      image: {registry}/testbed/spark:{version}
      command: [bash, -c]
      args:
        - exec "$SPARK_HOME/bin/spark-submit" --class org.apache.spark.sql.connect.service.SparkConnectServer
          --master "local[2]" --driver-memory 768m --conf spark.ui.enabled=false {options} spark-internal
      readinessProbe: {{tcpSocket: {{port: 15002}}, periodSeconds: 1}}
---
"""

BLOCK = """
import pathlib, time
import pyspark
from mage_ilum import count, spark_session


@custom
def look(*args, **kwargs):
    held = kwargs.get("held")
    with spark_session() as spark:
        print(f"BEGAN on {spark.sql('select version()').first()[0]} with {pyspark.__version__}", flush=True)
        deadline = time.monotonic() + 120
        while held and pathlib.Path(held).exists() and time.monotonic() < deadline:
            time.sleep(0.2)
            count(spark.range(10))
        rows = count(spark.createDataFrame([(1,), (2,)], "x int"))
        print(f"ENDED on {spark.sql('select version()').first()[0]} with {rows} rows", flush=True)
    return rows
"""
HELD, SCHEDULED_HELD = "/home/src/mage_data/held", "/home/src/mage_data/scheduled-held"
SCHEDULED = "scheduled"
LAY_OUT = f"""
import pathlib
project = pathlib.Path("{PROJECT}")
(project / "custom" / "look.py").write_text({BLOCK!r})
for name, variables in {{"look": {{}}, "{SCHEDULED}": {{"held": "{SCHEDULED_HELD}"}}}}.items():
    (project / "pipelines" / name).mkdir()
    (project / "pipelines" / name / "metadata.yaml").write_text(f'''
name: {{name}}
uuid: {{name}}
type: python
variables: {{variables}}
blocks:
- name: look
  uuid: look
  type: custom
  language: python
  executor_type: local_python
  upstream_blocks: []
  downstream_blocks: []
''')
"""
SCHEDULE = f"""
import pathlib
name = "{SCHEDULED}"
pathlib.Path("{SCHEDULED_HELD}").touch()
pathlib.Path("{PROJECT}/pipelines", name, "triggers.yaml").write_text({trigger()})
"""


def shown() -> list[dict[str, Any]]:
    """The values that the runbook shows: the Service before, and switched."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


BLUE, GREEN = shown()


@dataclass(frozen=True)
class Run:
    """The block `look`, begun."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def versions(self, word: str) -> str:
        """What the block printed behind the word: the server's version, and the client's or the rows."""
        found = re.search(rf"{word} on (\S+).* with (\S+)", self.said)
        return f"{found[1]} {found[2]}" if found else ""

    def ended(self, seconds: float = 120) -> int:
        return self.process.wait(timeout=seconds)


@dataclass(frozen=True)
class Mage:
    """Mage on the cluster, and what the runbook does with it."""

    release: Release
    folder: Path
    sync_options: tuple[str, ...]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def lead_to(self, server: dict[str, Any]) -> None:
        """Change the Service in the values, and have Helm follow."""
        path = self.release.values
        values = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        values |= {"ilum": {**server["ilum"], "namespace": SPARK_NAMESPACE}, "driftCheck": {"enabled": True}}
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        if "mageai" in values:
            self.release.install()

    def sync(self) -> None:
        """`deploykit sync`, and Helm after it."""
        values = ("--namespace", SPARK_NAMESPACE, "--values", str(self.release.values))
        [outcome] = json.loads(deploykit("sync", *self.sync_options, *values, "-o", "json", seconds=60))
        assert (outcome["changed"], outcome["built"], outcome["pushed"]) == (True, False, False)
        self.release.install()

    def pod(self) -> str:
        """The identity of Mage's pod."""
        [pod] = self.release.items("pods", "--selector=app.kubernetes.io/component=server")
        return str(pod["metadata"]["uid"])

    def next_block(self) -> Run:
        """A block that begins now, and has ended: the block alone, since a whole `mage run` takes much longer."""
        alone = f"custom = lambda block: block\n{BLOCK}\nlook()"
        return self._reaching_spark(lambda run: run.ended() is not None, "python3", "-c", alone)

    def held_block(self) -> Run:
        """A block of a real `mage run` that has a session, and goes on until `let_go`."""
        self.release.kubectl("exec", "deploy/mage", "--container=mage", "--", "touch", HELD)
        held = json.dumps({"held": HELD})
        command = ("mage", "run", PROJECT, "look", "--runtime-vars", held)
        return self._reaching_spark(lambda run: run.versions("BEGAN") or run.process.poll() is not None, *command)

    def _reaching_spark(self, far_enough: Callable[[Run], object], *command: str) -> Run:
        """Begin again, as Mage's retries do, where a busy server said nothing for the 5 s that a block waits."""
        for _ in range(5):
            run = self._start(*command)
            until(120, lambda run=run: far_enough(run), "the block to begin")
            if "ConnectionProblem" not in run.said:
                return run
        pytest.fail(run.said)

    def _start(self, *command: str) -> Run:
        log = self.folder / f"{time.monotonic_ns()}.log"
        inside = ("--namespace", self.release.namespace, "exec", "deploy/mage", "--container=mage", "--", *command)
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [self.release.cluster.kubectl, *inside],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return Run(process, log)

    def scheduled(self, word: str) -> list[str]:
        """What the block printed behind the word, as `Run.versions`, each time that the scheduler ran it."""
        said = self.release.python(LOGS, SCHEDULED)
        return [f"{server} {other}" for server, other in re.findall(rf'{word} on (\S+)[^"]* with ([\d.]+)', said)]

    def let_go(self, held: str = HELD) -> None:
        self.release.kubectl("exec", "deploy/mage", "--container=mage", "--", "rm", "-f", held)


def connections(label: str) -> int:
    """How many connections a driver has, counted as the runbook counts them."""
    [command] = re.findall(r"-- sh -c '(cat /proc/net/tcp .*)'$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    return int(kubectl("--namespace", SPARK_NAMESPACE, "exec", label, "--", "sh", "-c", command))


def start(registry: str, **versions: str) -> None:
    """Start the drivers with these labels."""
    drivers = (
        DRIVER.format(label=label, registry=registry, version=version, options=" ".join(OPTIONS))
        for label, version in versions.items()
    )
    kubectl("--namespace", SPARK_NAMESPACE, "apply", "--filename=-", text="".join(drivers))


def wait_until_ready() -> None:
    ready = ("wait", "--for=condition=Ready", "pod", "--all", "--timeout=240s")
    kubectl("--namespace", SPARK_NAMESPACE, *ready, seconds=260)


def stop(label: str) -> None:
    kubectl("--namespace", SPARK_NAMESPACE, "delete", "pod", label, "--grace-period=1")


@pytest.fixture(scope="module")
def mage(
    needs_cluster: Cluster, image: str, base_image: str, registry: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mage]:
    """Mage beside the old server, with the image that fits it; the new server is there too, and so is its image."""
    if not has_testbed():
        missing("images of two Sparks", "put the testbed at ../shared, or set DEPLOYKIT_SHARED")
    for version in (OLD, NEW):
        bring_up("spark-image", version, what=f"an image of Spark {version}", seconds=600)
    folder = Path(tmp_path_factory.mktemp("upgrade"))
    release = Release(cluster=needs_cluster, values=folder / "values.yaml", namespace="upgrade-mage", flags=OFTEN)
    repository = image.partition("@")[0].rpartition(":")[0]
    options = ("--base", base_image, "--repository", repository, "--network", "host", "--no-verify")

    create_namespace(SPARK_NAMESPACE)
    start(registry, blue=OLD, green=NEW)
    # Beside the drivers, which take their time to start.
    release.create_namespace()
    deploykit("image", "--spark", OLD, *options, "--push", seconds=600)
    wait_until_ready()
    found = Mage(release, folder, options)
    found.lead_to(BLUE)
    found.sync()
    release.python(LAY_OUT)
    yield found
    for process in found.started:
        process.kill()
        process.wait()
    kubectl("delete", "namespace", release.namespace, SPARK_NAMESPACE, "--wait=false")


def test_a_switched_service_takes_the_next_block_and_leaves_the_running_one(mage: Mage) -> None:
    running, pod = mage.held_block(), mage.pod()
    assert running.versions("BEGAN") == f"{OLD} {OLD}", running.said

    mage.lead_to(GREEN)
    mage.release.python(SCHEDULE)
    drift = mage.release.start_drift_check()
    following = mage.next_block()
    assert following.versions("ENDED") == f"{NEW} 2", following.said
    assert f"PySpark {OLD} talks to the newer Spark {NEW}" in following.said
    assert connections("blue") == 1
    older = f"Drift: PySpark {OLD} in the image, Spark {NEW} on the server (older-client)."
    what_to_do = f"Build the image that fits: deploykit image --spark {NEW}"
    assert mage.release.drift_said(drift) == ("PodFailurePolicy", 5, f"{older} {what_to_do}")

    mage.let_go()
    assert running.ended() == 0
    assert running.versions("ENDED") == f"{OLD} 2", running.said
    assert mage.pod() == pod, "nothing restarts Mage"
    until(10, lambda: connections("blue") == 0, "the old server to be drained")
    until(60, lambda: mage.scheduled("BEGAN"), "the scheduled run to begin", why=lambda: mage.release.logs(SCHEDULED))
    assert mage.scheduled("BEGAN") == [f"{NEW} {OLD}"]


def test_when_the_old_server_has_ended_sync_finds_the_image_that_fits_the_new_one(mage: Mage) -> None:
    stop("blue")
    mage.sync()
    drift = mage.release.start_drift_check()
    following = mage.next_block()
    assert following.versions("BEGAN") == f"{NEW} {NEW}", following.said
    assert following.versions("ENDED") == f"{NEW} 2", following.said
    assert "talks to" not in following.said
    same = f"No drift: PySpark {NEW} in the image, Spark {NEW} on the server (same)."
    assert mage.release.drift_said(drift) == ("Complete", 0, same)


def test_a_scheduled_run_whose_block_the_new_image_ended_begins_it_again_and_completes(mage: Mage) -> None:
    """It began in the first of these tests, and the second took its pod away."""
    logs = partial(mage.release.logs, SCHEDULED)
    until(60, lambda: len(mage.scheduled("BEGAN")) > 1, "its block to begin again", why=logs)
    assert mage.scheduled("ENDED") == []
    mage.let_go(SCHEDULED_HELD)
    until(60, lambda: mage.release.runs(SCHEDULED)[-1][0] == "COMPLETED", "the run to complete", why=logs)
    assert len(mage.release.runs(SCHEDULED)) == 1
    assert mage.scheduled("BEGAN") == [f"{NEW} {OLD}", f"{NEW} {NEW}"]
    assert mage.scheduled("ENDED") == [f"{NEW} 2"]


def test_a_newer_client_is_refused_before_the_block_does_anything(mage: Mage, registry: str) -> None:
    start(registry, blue=OLD)
    wait_until_ready()
    mage.lead_to(BLUE)
    following = mage.next_block()
    assert following.process.returncode != 0
    assert f"PySpark {NEW} is newer than the server's Spark {OLD}." in following.said
    assert not following.versions("BEGAN")
    mage.lead_to(GREEN)


def test_the_way_back_is_the_old_image_and_then_the_old_server(mage: Mage) -> None:
    mage.sync()
    mage.lead_to(BLUE)
    assert mage.next_block().versions("ENDED") == f"{OLD} 2"


def test_a_server_that_ends_under_a_running_block_fails_it_within_half_a_minute(mage: Mage) -> None:
    running = mage.held_block()
    gone = time.monotonic()
    stop("blue")
    assert running.ended() != 0
    assert time.monotonic() - gone < 30
    assert not running.versions("ENDED")
    how, code, message = mage.release.drift_said(mage.release.start_drift_check())
    assert (how, code) == ("Complete", 0), "a server that is away is no drift"
    assert message.startswith("Nothing was compared: ")
    assert "\n" not in message
