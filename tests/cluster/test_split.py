"""Mage in two halves with replicas: two schedulers and two web servers, on PostgreSQL, Redis and one volume."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.release import (
    DATABASE_FLAGS,
    DATABASE_URL,
    PROJECT,
    RUN_STATUS,
    SERVICE,
    Release,
    database,
    trigger,
    until,
)
from tests.needs import Cluster

# A volume (the testbed's are on one node, and so are all pods), and who calls the page, as an ingress controller does.
BESIDE = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: projects}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: caller, labels: {{app: caller}}}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
    - name: caller
      image: {image}
      command: [sleep, infinity]
      securityContext:
        runAsNonRoot: true
        allowPrivilegeEscalation: false
        capabilities: {{drop: [ALL]}}
        seccompProfile: {{type: RuntimeDefault}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: caller}}
spec: {{podSelector: {{matchLabels: {{app: caller}}}}, policyTypes: [Egress], egress: [{{}}]}}
"""

# Asks for the status, one request after the other, until its stdin is closed; then says how often which answer came.
CALLS = """
import collections, json, select, sys, urllib.request
said = collections.Counter()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    try:
        with urllib.request.urlopen("http://mage:6789/api/status", timeout=10) as answer:
            said[str(answer.status)] += 1
    except OSError as error:
        said[str(error)] += 1
print(json.dumps(said))
"""

# Pipelines of one block that says on the volume that it ran, each to be run once, all at the same time.
SCHEDULE = f"""
import pathlib, sys
project = pathlib.Path("{PROJECT}")
(project / "custom" / "ran.py").write_text('''
import pathlib, socket


@custom
def ran(*args, **kwargs):
    with pathlib.Path("/home/src/mage_data/ran").open("a") as file:
        file.write(kwargs["pipeline_uuid"] + "\\\\n")
''')
for name in sys.argv[1:]:
    pipeline = project / "pipelines" / name
    pipeline.mkdir()
    (pipeline / "metadata.yaml").write_text(f'''
name: {{name}}
uuid: {{name}}
type: python
blocks:
- name: ran
  uuid: ran
  type: custom
  language: python
  executor_type: local_python
  upstream_blocks: []
  downstream_blocks: []
''')
    (pipeline / "triggers.yaml").write_text({trigger()})
"""
PIPELINES = [f"once_{number}" for number in range(3)]


@pytest.fixture(scope="module")
def split(
    needs_cluster: Cluster, image: str, postgres_image: str, redis_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """The release, with both halves answering."""
    repository, digest = image.split("@")
    values = Path(tmp_path_factory.mktemp("split")) / "values.yaml"
    given = {
        "mageai": {
            "image": {"repository": repository.rpartition(":")[0], "digest": digest},
            "standaloneScheduler": True,
            "scheduler": {"replicaCount": 2},
            "webServer": {"replicaCount": 2},
            "redis": {"existingSecret": "redis"},
            "persistence": {"existingClaim": "projects"},
        },
        "ilum": {"server": {"host": "spark-connect-server.ilum.svc"}},
        "networkPolicy": {
            "redis": {"to": [{"podSelector": {"matchLabels": {"app": "redis"}}}]},
            "ingress": {"from": [{"podSelector": {"matchLabels": {"app": "caller"}}}]},
        },
    }
    values.write_text(yaml.safe_dump(given), encoding="utf-8")
    found = Release(cluster=needs_cluster, values=values, namespace="mage-split")
    found.create_namespace()
    redis = SERVICE.format(name="redis", image=redis_image, port=6379)
    found.kubectl("apply", "--filename=-", text=database(postgres_image) + redis + BESIDE.format(image=image))
    found.kubectl("create", "secret", "generic", "database", f"--from-literal={DATABASE_URL}")
    found.kubectl("create", "secret", "generic", "redis", "--from-literal=REDIS_URL=redis://redis:6379")
    found.install(*DATABASE_FLAGS)
    yield found
    found.delete_namespace()


def scheduler(release: Release, code: str, *arguments: str) -> str:
    """Run Python in a scheduler's pod."""
    inside = ("exec", "deploy/mage-scheduler", "--container=mage", "--", "python3", "-c", code)
    return release.kubectl(*inside, *arguments).strip()


def test_both_web_servers_are_behind_the_page_and_no_scheduler_is(split: Release):
    [slice_] = split.items("endpointslices", "--selector=kubernetes.io/service-name=mage")
    ready = {endpoint["targetRef"]["name"] for endpoint in slice_["endpoints"] if endpoint["conditions"]["ready"]}
    web = {pod["metadata"]["name"] for pod in split.items("pods", "--selector=app.kubernetes.io/component=web")}
    assert ready == web
    assert len(web) == 2


def test_each_trigger_runs_once_and_every_request_is_answered_while_web_servers_are_replaced(split: Release):
    command = [split.cluster.kubectl, "--namespace", split.namespace, "exec", "--stdin", "caller", "--"]
    with subprocess.Popen(
        [*command, "python3", "-c", CALLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as calling:
        scheduler(split, SCHEDULE, *PIPELINES)
        split.kubectl("rollout", "restart", "deployment/mage-web")
        split.kubectl("rollout", "status", "deployment/mage-web", "--timeout=180s", seconds=200)
        said, _ = calling.communicate("over\n", timeout=30)
    answers = json.loads(said)
    assert answers.keys() == {"200"}
    assert answers["200"] > 50

    def runs() -> list[str]:
        return [scheduler(split, RUN_STATUS, name) for name in PIPELINES]

    until(120, lambda: all("COMPLETED" in found for found in runs()), "every pipeline to have run")
    assert runs() == ["COMPLETED"] * len(PIPELINES), "and none twice"
    ran = scheduler(split, "print(open('/home/src/mage_data/ran').read())").split()
    assert sorted(ran) == PIPELINES


def test_a_scheduler_and_a_web_server_stop_well_within_their_grace_period(split: Release):
    halves = (split.items("pods", f"--selector=app.kubernetes.io/component={half}") for half in ("scheduler", "web"))
    names = [pods[0]["metadata"]["name"] for pods in halves]
    told = time.monotonic()
    split.kubectl("delete", "pod", *names)
    assert time.monotonic() - told < 10, "they are killed after 15 s"
