"""A release of the chart on a real cluster, and what the tests ask of it."""

import base64
import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.kubectl import create_namespace, kubectl, wait_for_job
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

SERVICE = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  automountServiceAccountToken: false
  containers:
    - name: {name}
      image: {image}
      readinessProbe: {{tcpSocket: {{port: {port}}}, periodSeconds: 1}}
      securityContext:
        runAsNonRoot: true
        runAsUser: 999
        allowPrivilegeEscalation: false
        capabilities: {{drop: [ALL]}}
        seccompProfile: {{type: RuntimeDefault}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: {port}}}]}}
---
"""
DATABASE_URL = "MAGE_DATABASE_CONNECTION_URL=postgresql+psycopg2://mage:mage@postgres:5432/mage"
DATABASE_FLAGS = (
    "--set",
    "mageai.database.existingSecret=database,networkPolicy.database.to[0].podSelector.matchLabels.app=postgres",
)

ANY_UID = 1000680000
"""A user id as OpenShift gives a namespace one; the group stays 0."""
OPENSHIFT_FLAGS = (
    "--set",
    f"mageai.podSecurityContext.runAsUser={ANY_UID},mageai.podSecurityContext.fsGroup={ANY_UID}",
)


def trigger(interval: str = "@once") -> str:
    """Python, for code in a pod: triggers.yaml that has the scheduler run pipeline `name`, as Mage's page writes it."""
    return f"""f'''triggers:
- name: {{name}}
  pipeline_uuid: {{name}}
  schedule_type: time
  schedule_interval: "{interval}"
  start_time: 2026-01-01 00:00:00
  status: active
'''"""


# A second pipeline of the same blocks, run once by the scheduler, each block as a Job.
SCHEDULE = f"""
import pathlib, shutil, sys
name, pipelines = sys.argv[1], pathlib.Path("{PROJECT}/pipelines")
new = pipelines / name
shutil.copytree(pipelines / "{PIPELINE}", new)
text = (new / "metadata.yaml").read_text().replace("{PIPELINE}", name)
(new / "metadata.yaml").write_text(text.replace("executor_type: local_python", "executor_type: k8s"))
(new / "triggers.yaml").write_text({trigger()})
"""

# Looks until each of these pipelines has a run that has ended, or for so many seconds; then prints each one's statuses.
ENDED = """
import json, os, sys, time
import sqlalchemy
deadline, names = time.monotonic() + float(sys.argv[1]), sys.argv[2:]
engine = sqlalchemy.create_engine(os.environ["MAGE_DATABASE_CONNECTION_URL"])
query = sqlalchemy.text("select pipeline_uuid, status from pipeline_run")
while True:
    found = {name: [] for name in names}
    with engine.connect() as database:
        for name, status in database.execute(query):
            found.setdefault(name, []).append(status)
    if all({"COMPLETED", "FAILED"} & set(found[name]) for name in names) or time.monotonic() > deadline:
        break
    time.sleep(0.3)
print(json.dumps([found[name] for name in names]))
"""

# Of a release without a database: each run's status, beginning and end, in UTC.
RUNS = """
import json, sqlite3, sys
database = sqlite3.connect("file:/home/src/mage_data/default_repo/mage-ai.db?mode=ro", uri=True)
query = "select status, created_at, completed_at from pipeline_run where pipeline_uuid = ? order by id"
print(json.dumps(database.execute(query, sys.argv[1:]).fetchall()))
"""

# What Mage and the blocks wrote when it ran.
LOGS = f"""
import pathlib, sys
for log in sorted(pathlib.Path("{DATA}").with_name(sys.argv[1]).glob(".logs/**/*.log")):
    print(f"== {{log}}", log.read_text()[-4000:], sep="\\n")
"""

ROWS = """
import pathlib, sys
import pandas
pipelines = pathlib.Path("/home/src/mage_data/default_repo/pipelines")
[frame] = (pipelines / sys.argv[1] / ".variables").glob(f"{sys.argv[2]}/output_0/data.parquet")
print(len(pandas.read_parquet(frame)))
"""

# The run whose output a block has on the volume: Mage names the folder by it.
RUN = """
import pathlib, sys
variables = pathlib.Path("/home/src/mage_data/default_repo/pipelines") / sys.argv[1] / ".variables"
[block] = variables.glob(f"*/*/{sys.argv[2]}")
print(block.parent.relative_to(variables))
"""


def database(image: str) -> str:
    """PostgreSQL as `DATABASE_URL` finds it."""
    return SERVICE.format(name="postgres", image=image, port=5432)


def until(seconds: float, question: Callable[[], object], what: str, *, why: Callable[[], str] = lambda: "") -> object:
    """Ask until the answer is true, and return it; fails with `what`, and what is then known of `why`."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}\n{why()}"
        time.sleep(0.5)
    return answer


OFTEN = ("--set-string", "mageai.extraEnvs[0].name=SCHEDULER_TRIGGER_INTERVAL,mageai.extraEnvs[0].value=2")
"""Mage's scheduler looks every 2 s, in the place of 10, for what there is to run."""


@dataclass(frozen=True)
class Release:
    """The chart, installed."""

    cluster: Cluster
    values: Path
    namespace: str = NAMESPACE
    flags: tuple[str, ...] = ()
    """What Helm is given beside the values, whenever it installs or upgrades."""

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True, seconds: float = 120) -> str:
        return kubectl("--namespace", self.namespace, *arguments, text=text, check=check, seconds=seconds)

    def items(self, kind: str, *flags: str) -> list[dict[str, Any]]:
        return list(json.loads(self.kubectl("get", kind, "--output=json", *flags))["items"])

    def helm(self, *arguments: str, check: bool = True, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.cluster.helm, *arguments, "--namespace", self.namespace],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"helm {arguments[0]}: {done.stdout}{done.stderr}"
        return done

    def install(self, *flags: str, chart: Path | None = None) -> None:
        """Install or upgrade, with small requests, and wait for Mage to answer."""
        self.upgrade(*flags, "--wait", "--timeout=240s", chart=chart)

    def upgrade(self, *flags: str, chart: Path | None = None) -> None:
        """The same, without waiting."""
        small = ("--set", "mageai.resources.requests.cpu=200m", "--set", "executor.resources.requests.cpu=100m")
        command = ("upgrade", "--install", RELEASE, str(chart or assets.chart()), "--values", str(self.values))
        done = self.helm(*command, *small, *self.flags, *flags, check=False)
        assert done.returncode == 0, f"helm upgrade: {done.stdout}{done.stderr}{self.state()}"

    def state(self) -> str:
        """What its pods are at, and what Kubernetes warns of: why an installation does not get on."""
        pods = self.kubectl("get", "pods", check=False)
        warnings = ("get", "events", "--field-selector=type=Warning", "--sort-by=.lastTimestamp")
        return pods + self.kubectl(*warnings, check=False)

    def python(self, code: str, *arguments: str, pod: str = "deploy/mage", seconds: float = 120) -> str:
        """Run Python in the server's pod."""
        inside = ("exec", pod, "--container=mage", "--", "python3", "-c", code)
        return self.kubectl(*inside, *arguments, seconds=seconds).strip()

    def mage_run(self) -> subprocess.CompletedProcess[str]:
        """Run the example pipeline in the server's pod."""
        command = ["exec", "deploy/mage", "--container=mage", "--", "mage", "run", PROJECT, PIPELINE]
        return subprocess.run(
            [self.cluster.kubectl, "--namespace", self.namespace, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def schedule(self, name: str) -> tuple[str, dict[str, Any]]:
        """Have the scheduler run a copy of the pipeline as Jobs: its final status, and the worker pods' containers.

        `logs` tells why it is not the one that was hoped for.
        """
        with self._new_workers() as workers:
            self.python(SCHEDULE, name)
            [statuses] = json.loads(self.python(ENDED, "240", name, seconds=260))
        assert {"COMPLETED", "FAILED"} & set(statuses), f"{name} does not end: {statuses}\n{self.logs(name)}"
        return " ".join(statuses), workers

    def runs(self, pipeline: str) -> list[tuple[str, str, str]]:
        """`RUNS` of a pipeline, the oldest first."""
        return [(how, begun, end) for how, begun, end in json.loads(self.python(RUNS, pipeline))]

    def logs(self, pipeline: str) -> str:
        """What the runs of a pipeline wrote, and what the namespace says of its pods."""
        return self.python(LOGS, pipeline) + self.state()

    @contextlib.contextmanager
    def _new_workers(self) -> Iterator[dict[str, Any]]:
        """The containers of the worker pods that come meanwhile, by the pods' names; known when the block has ended.

        Watched, since Mage deletes a Job, and so its pod, seconds after it has ended.
        """
        labels = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component=worker"
        earlier = self.kubectl("get", "pods", f"--selector={labels}", "--output=name").split()
        line = 'jsonpath={.metadata.name} {.spec.containers[0]}{"\\n"}'
        watch = ("get", "pods", f"--selector={labels}", "--watch", f"--output={line}")
        workers = dict[str, Any]()
        with tempfile.TemporaryFile("w+", encoding="utf-8") as seen:
            watching = subprocess.Popen(
                [self.cluster.kubectl, "--namespace", self.namespace, *watch], stdin=subprocess.DEVNULL, stdout=seen
            )
            try:
                yield workers
                assert watching.poll() is None, "nobody watches the worker pods any more"
            finally:
                watching.kill()
                watching.wait()
            seen.seek(0)
            for text in seen.read().split("\n")[:-1]:  # what follows the last newline may be cut off
                name, _, container = text.partition(" ")
                if f"pod/{name}" not in earlier:
                    workers[name] = json.loads(container)

    def rows(self, pipeline: str = PIPELINE, run: str = LOADER) -> int:
        """How many rows a run's loader block has left on the volume."""
        return int(self.python(ROWS, pipeline, run))

    def run(self, pipeline: str) -> str:
        """The scheduled run of a pipeline that had but one, as Mage calls it: `trigger/time`."""
        return self.python(RUN, pipeline, LOADER)

    def start_drift_check(self) -> str:
        """Have the drift check look now; the name of its Job."""
        name = f"drift-{time.monotonic_ns()}"
        self.kubectl("create", "job", name, f"--from=cronjob/{RELEASE}-drift-check")
        return name

    def drift_said(self, job: str) -> tuple[str, int, str]:
        """How a drift check ended, `Complete` or the reason of its failure; its pod's exit code and last word."""

        def ended() -> str:
            conditions = json.loads(self.kubectl("get", "job", job, "--output=json"))["status"].get("conditions", ())
            found = {condition["type"]: condition["reason"] for condition in conditions}
            return "Complete" if "Complete" in found else found.get("Failed", "")

        wait_for_job(self.namespace, job, seconds=90)
        how = str(until(10, ended, f"{job} to end"))
        [pod] = self.items("pods", f"--selector=batch.kubernetes.io/job-name={job}")
        ended_as = pod["status"]["containerStatuses"][0]["state"]["terminated"]
        return how, ended_as["exitCode"], ended_as["message"].removesuffix("\n")

    def restart(self) -> None:
        """New pods: established connections outlive a change of policies."""
        self.kubectl("rollout", "restart", "deployment/mage")
        self.kubectl("rollout", "status", "deployment/mage", "--timeout=180s", seconds=200)

    def delete_namespace(self) -> None:
        """Nobody waits for its end but who makes it anew."""
        self.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")

    def create_namespace(self) -> None:
        """Anew, with restricted Pod Security and without any egress but what policies allow."""
        create_namespace(self.namespace, "pod-security.kubernetes.io/enforce=restricted")
        self.kubectl("apply", "--filename=-", text=DEFAULT_DENY)

    def secret(self) -> dict[str, str]:
        data = json.loads(self.kubectl("get", "secret", "mage", "--output=json"))["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
