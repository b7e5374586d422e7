"""Mage in two halves with replicas: two schedulers and two web servers, on PostgreSQL, Redis and one volume.

Its page is under a base path, as Ilum's page would have it.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.opened import get, opened
from tests.cluster.release import (
    DATABASE_FLAGS,
    DATABASE_URL,
    ENDED,
    PROJECT,
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

BASE_PATH = "external/mageai"
PAGE = f"http://mage:6789/{BASE_PATH}"

# The status of what is asked for, and the text of what there is.
ASK = """
import json, sys, urllib.error, urllib.request
said = []
for url in sys.argv[1:]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            said.append((answer.status, answer.read().decode(errors="replace")))
    except urllib.error.HTTPError as error:
        said.append((error.code, ""))
print(json.dumps(said))
"""

# Asks for the status, one request after the other, until its stdin is closed; then says how often which answer came.
CALLS = f"""
import collections, json, select, sys, time, urllib.request
said = collections.Counter()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    began = time.monotonic()
    try:
        with urllib.request.urlopen("{PAGE}/api/status", timeout=10) as answer:
            said[str(answer.status)] += 1
    except OSError as error:
        said[str(error) + " after " + format(time.monotonic() - began, ".1f") + " s"] += 1
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

# Two processes do at the same moment what a scheduler does with a new triggers.yaml, and once more: how many triggers
# were made, and which twice? The schedulers themselves do not see these: there is no pipeline beside the file.
AT_ONCE = f"""
import multiprocessing, pathlib

NAMES = [f"at_once_{{number}}" for number in range(20)]
for name in NAMES:
    folder = pathlib.Path("{PROJECT}/pipelines", name)
    folder.mkdir()
    (folder / "triggers.yaml").write_text({trigger()})

def sync(barrier):
    from mage_ai.orchestration.db import db_connection
    from mage_ai.orchestration.pipeline_scheduler_original import sync_schedules
    from mage_ai.settings.repo import set_repo_path
    set_repo_path("{PROJECT}")
    db_connection.start_session()
    for name in NAMES * 2:
        barrier.wait()
        sync_schedules([name])

barrier = multiprocessing.Barrier(2, timeout=60)
processes = [multiprocessing.Process(target=sync, args=[barrier]) for _ in range(2)]
for process in processes:
    process.start()
for process in processes:
    process.join()

import os, sqlalchemy
with sqlalchemy.create_engine(os.environ["MAGE_DATABASE_CONNECTION_URL"]).connect() as database:
    query = "select name, count(*) from pipeline_schedule where name like 'at_once_%' group by name"
    counts = dict(tuple(row) for row in database.execute(sqlalchemy.text(query)))
print([len(counts), sorted(name for name, count in counts.items() if count > 1)])
"""


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
            "basePath": BASE_PATH,
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


def halves(release: Release) -> dict[str, list[str]]:
    """The pods of each half that are not about to end."""
    found: dict[str, list[str]] = {"scheduler": [], "web": []}
    for pod in release.items("pods", "--selector=app.kubernetes.io/component in (scheduler, web)"):
        if "deletionTimestamp" not in pod["metadata"]:
            found[pod["metadata"]["labels"]["app.kubernetes.io/component"]].append(pod["metadata"]["name"])
    return found


def scheduler(release: Release, code: str, *arguments: str) -> str:
    """Run Python in a scheduler's pod."""
    return release.python(code, *arguments, pod="deploy/mage-scheduler", seconds=140)


def asked(split: Release, *urls: str) -> list[tuple[int, str]]:
    """Status and text of each, as the pod that calls the page gets them."""
    said = split.kubectl("exec", "caller", "--", "python3", "-c", ASK, *urls)
    return [(status, text) for status, text in json.loads(said)]


def test_both_web_servers_are_behind_the_page_and_no_scheduler_is(split: Release):
    [slice_] = split.items("endpointslices", "--selector=kubernetes.io/service-name=mage")
    ready = {endpoint["targetRef"]["name"] for endpoint in slice_["endpoints"] if endpoint["conditions"]["ready"]}
    web = halves(split)["web"]
    assert ready == set(web)
    assert len(web) == 2


def test_the_page_and_its_files_are_under_the_base_path_and_deploykit_open_prints_it(split: Release):
    [(status, page), (elsewhere, _)] = asked(split, f"{PAGE}/", "http://mage:6789/api/status")
    assert (status, elsewhere) == (200, 404)
    [script, *_] = re.findall(r'src="([^"]+\.js)"', page)
    assert script.startswith(f"/{BASE_PATH}/")
    assert asked(split, f"http://mage:6789{script}")[0][0] == 200
    with opened(split.namespace) as (_, url):
        assert re.fullmatch(rf"http://127\.0\.0\.1:\d+/{BASE_PATH}", url)
        assert json.loads(get(f"{url}/api/status"))["statuses"]


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

    runs = json.loads(scheduler(split, ENDED, "120", *PIPELINES))
    assert runs == [["COMPLETED"]] * len(PIPELINES), "every pipeline has run, and none twice"
    ran = scheduler(split, "print(open('/home/src/mage_data/ran').read())").split()
    assert sorted(ran) == PIPELINES


def test_two_schedulers_that_come_upon_a_new_trigger_at_once_make_it_once(split: Release):
    assert scheduler(split, AT_ONCE).splitlines()[-1] == "[20, []]"


def test_every_probe_follows_the_base_path(split: Release):
    """By now the schedulers have been asked whether they are alive, too."""
    said = [event["message"] for event in split.items("events", "--field-selector=reason=Unhealthy")]
    assert not [message for message in said if "statuscode" in message]


def evicted(split: Release, pod: str) -> bool:
    """Ask for its eviction as `kubectl drain` does; False where its PodDisruptionBudget refuses."""
    path = f"/api/v1/namespaces/{split.namespace}/pods/{pod}/eviction"
    asked_for = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": split.namespace}}
    done = subprocess.run(
        [split.cluster.kubectl, "create", "--raw", path, "--filename=-"],
        input=json.dumps(asked_for),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 or "TooManyRequests" in done.stderr, done.stderr
    return done.returncode == 0


def test_a_drained_node_loses_one_pod_of_each_half_and_both_stop_well_within_their_grace_period(split: Release):
    def spared() -> bool:
        return [budget["status"]["disruptionsAllowed"] for budget in split.items("poddisruptionbudgets")] == [1, 1]

    until(30, spared, "two healthy pods of each half")
    pairs = halves(split).values()
    told = time.monotonic()
    assert [[evicted(split, pod) for pod in pair] for pair in pairs] == [[True, False], [True, False]]
    split.kubectl("wait", "--for=delete", *(f"pod/{first}" for first, _ in pairs), "--timeout=30s")
    assert time.monotonic() - told < 15, "5 s are for requests that still come; after 15 s it is killed"
