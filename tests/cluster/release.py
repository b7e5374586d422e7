"""A release of the chart on a real cluster, and what the tests ask of it."""

import base64
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.needs import Cluster

from deploykit import assets

NAMESPACE = "mage"
RELEASE = "mage"
CA_SECRET = "company-ca"
PROJECT = "/home/src/default_repo"
PIPELINE = "transaction_anomaly_detection"
LOADER = "load_large_transactions"
DATA = f"/home/src/mage_data/default_repo/pipelines/{PIPELINE}"

DEFAULT_DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny-egress}
spec: {podSelector: {}, policyTypes: [Egress]}
"""

# A second pipeline of the same blocks, run once by the scheduler, each block as a Job. As Mage's page would write it.
SCHEDULE = f"""
import pathlib, shutil, sys
name, pipelines = sys.argv[1], pathlib.Path("{PROJECT}/pipelines")
new = pipelines / name
shutil.copytree(pipelines / "{PIPELINE}", new)
text = (new / "metadata.yaml").read_text().replace("{PIPELINE}", name)
(new / "metadata.yaml").write_text(text.replace("executor_type: local_python", "executor_type: k8s"))
(new / "triggers.yaml").write_text(f'''triggers:
- name: {{name}}
  pipeline_uuid: {{name}}
  schedule_type: time
  schedule_interval: "@once"
  start_time: 2026-01-01 00:00:00
  status: active
''')
"""

RUN_STATUS = """
import sqlite3, sys
database = sqlite3.connect("file:/home/src/mage_data/default_repo/mage-ai.db?mode=ro", uri=True)
print(*(row[0] for row in database.execute("select status from pipeline_run where pipeline_uuid = ?", sys.argv[1:])))
"""

ROWS = """
import pathlib, sys
import pandas
pipelines = pathlib.Path("/home/src/mage_data/default_repo/pipelines")
[frame] = (pipelines / sys.argv[1] / ".variables").glob(f"{sys.argv[2]}/output_0/data.parquet")
print(len(pandas.read_parquet(frame)))
"""


def until(seconds: float, question: Callable[[], object], what: str) -> object:
    """Ask until the answer is true, and return it; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)
    return answer


@dataclass(frozen=True)
class Release:
    """The chart, installed."""

    cluster: Cluster
    values: Path

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True, seconds: float = 120) -> str:
        done = subprocess.run(
            [self.cluster.kubectl, "--namespace", NAMESPACE, *arguments],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"kubectl {arguments[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def items(self, kind: str, *flags: str) -> list[dict[str, Any]]:
        return list(json.loads(self.kubectl("get", kind, "--output=json", *flags))["items"])

    def helm(self, *arguments: str, check: bool = True, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.cluster.helm, *arguments, "--namespace", NAMESPACE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"helm {arguments[0]}: {done.stdout}{done.stderr}"
        return done

    def install(self, *flags: str) -> None:
        """Install or upgrade, with a CA and small requests, and wait for Mage to answer."""
        small = ("--set", "mageai.resources.requests.cpu=200m", "--set", "executor.resources.requests.cpu=100m")
        ca = ("--set", f"ilum.server.caSecret.name={CA_SECRET}")
        chart = str(assets.chart())
        self.helm(
            "upgrade", "--install", RELEASE, chart, "--values", str(self.values), *small, *ca, *flags, "--wait",
            "--timeout=240s",
        )  # fmt: skip

    def python(self, code: str, *arguments: str) -> str:
        """Run Python in the server's pod."""
        return self.kubectl("exec", "deploy/mage", "--container=mage", "--", "python3", "-c", code, *arguments).strip()

    def mage_run(self) -> subprocess.CompletedProcess[str]:
        """Run the example pipeline in the server's pod."""
        command = ["exec", "deploy/mage", "--container=mage", "--", "mage", "run", PROJECT, PIPELINE]
        return subprocess.run(
            [self.cluster.kubectl, "--namespace", NAMESPACE, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def schedule(self, name: str) -> tuple[str, dict[str, set[str]]]:
        """Have the scheduler run a copy of the pipeline as Jobs: its final status, and the worker pods' mounts."""
        earlier, workers = self._workers(), dict[str, set[str]]()
        self.python(SCHEDULE, name)

        def finished() -> str:
            workers.update({name: mounts for name, mounts in self._workers().items() if name not in earlier})
            status = self.python(RUN_STATUS, name)
            return status if status in {"COMPLETED", "FAILED"} else ""

        return str(until(240, finished, f"the scheduled pipeline {name} to end")), workers

    def _workers(self) -> dict[str, set[str]]:
        labels = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component=worker"
        return {
            pod["metadata"]["name"]: {mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
            for pod in self.items("pods", f"--selector={labels}")
        }

    def rows(self, pipeline: str = PIPELINE, run: str = LOADER) -> int:
        """How many rows a run's loader block has left on the volume."""
        return int(self.python(ROWS, pipeline, run))

    def restart(self) -> None:
        """New pods: established connections outlive a change of policies."""
        self.kubectl("rollout", "restart", "deployment/mage")
        self.kubectl("rollout", "status", "deployment/mage", "--timeout=180s", seconds=200)

    def secret(self) -> dict[str, str]:
        data = json.loads(self.kubectl("get", "secret", "mage", "--output=json"))["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
