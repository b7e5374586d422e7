"""From an image of ours to a pipeline that has run on Ilum's Spark, under default-deny egress.

In this order: a test may look at what the ones before it ran, and the last one takes the policies away.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import yaml
from tests.cluster.release import ANY_UID, LOADER, RELEASE, Release

ALL_BUT_SPARK = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: test-all-but-spark}}
spec:
  podSelector: {{}}
  policyTypes: [Egress]
  egress:
    - to: [{{ipBlock: {{cidr: {cidr}}}}}]
      ports: [{{protocol: TCP, port: {port}}}]
    - to: [{{podSelector: {{matchLabels: {{app: postgres}}}}}}]
    - ports: [{{protocol: UDP, port: 53}}, {{protocol: TCP, port: 53}}]
"""

# The tags of each job, as the REST API of Spark's UI gives them.
TAGS_OF_JOBS = """
import json, urllib.request
ui = "http://127.0.0.1:4040/api/v1/applications"
ask = lambda url: json.load(urllib.request.urlopen(url, timeout=30))
[application] = ask(ui)
print(json.dumps([job.get("jobTags", []) for job in ask(f"{ui}/{application['id']}/jobs")]))
"""


def test_the_existing_service_was_found_and_no_other_made(release: Release):
    ilum = yaml.safe_load(release.values.read_text())["ilum"]
    assert ilum["server"]["host"] == "spark-connect-server.ilum.svc"
    assert ilum["service"]["create"] is False


def test_notes_name_127_0_0_1_and_how_to_read_the_password(release: Release):
    notes = release.helm("get", "notes", RELEASE).stdout
    assert "http://127.0.0.1:9777" in notes
    assert "http://localhost" not in notes
    [command] = [line.strip() for line in notes.splitlines() if "get secret" in line]
    said = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=30, check=True)
    assert said.stdout.strip() == release.secret()["DEFAULT_OWNER_PASSWORD"]


def test_a_query_from_a_pod_of_the_release_succeeds(release: Release):
    assert "Phase:          Succeeded" in release.helm("test", RELEASE, "--logs").stdout


def test_the_pipeline_run_in_the_server_pod_has_as_many_rows_as_a_direct_query(release: Release, direct_rows: int):
    done = release.mage_run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert release.rows() == direct_rows > 0
    assert release.python("import os; print(os.getuid(), os.getgid())") == f"{ANY_UID} 0"


def test_the_pipeline_run_in_worker_pods_has_as_many_rows_as_a_direct_query(release: Release, direct_rows: int):
    status, workers = release.schedule("scheduled")
    assert status == "COMPLETED", release.logs("scheduled")
    assert len(workers) == 2, "one for each block"
    for container in workers.values():
        assert "/etc/spark-connect-ca" in [mount["mountPath"] for mount in container["volumeMounts"]]
        assert container["securityContext"]["runAsUser"] == ANY_UID
    assert release.rows("scheduled", f"*/*/{LOADER}") == direct_rows


def test_sparks_ui_says_of_the_scheduled_runs_query_whose_it_is(release: Release, in_driver: Callable[[str], str]):
    jobs = [set(re.findall(r"mage\.\S+", " ".join(tags))) for tags in json.loads(in_driver(TAGS_OF_JOBS))]
    scheduled = [tags for tags in jobs if "mage.pipeline=scheduled" in tags]
    whose = {"mage.pipeline=scheduled", f"mage.block={LOADER}", f"mage.run={release.run('scheduled')}"}
    assert scheduled
    assert all(tags == whose for tags in scheduled), scheduled


def test_an_upgrade_to_a_service_of_our_own_keeps_secrets_projects_and_results(release: Release, direct_rows: int):
    before = release.secret()
    assert not {"materia", "admin"} & set(before.values()), "what Mage has built in"
    own = {
        "server.host": "",
        "service.create": "true",
        "service.name": "mage-spark-connect",
        "service.selector.spark-role": "driver",
        "service.selector.spark-app-name": "spark-connect",
    }
    release.install(
        "--reuse-values", *(word for key, value in own.items() for word in ("--set", f"ilum.{key}={value}"))
    )
    assert release.secret() == before
    assert release.rows() == direct_rows
    assert "sc://mage-spark-connect.ilum.svc" in release.helm("test", RELEASE, "--logs").stdout


def test_without_our_policies_a_new_server_and_its_workers_cannot_reach_spark(release: Release):
    api = yaml.safe_load(release.values.read_text())["networkPolicy"]["apiServer"]
    ours = f"--selector=app.kubernetes.io/instance={RELEASE}"
    assert release.items("networkpolicies", ours)
    release.kubectl("delete", "networkpolicies", ours)
    # Mage and its worker pods have to start at all, so that it is their blocks that fail.
    allowed = ALL_BUT_SPARK.format(cidr=api["cidrs"][0], port=api["ports"][0])
    release.kubectl("apply", "--filename=-", text=allowed)
    release.restart()

    # A new pod is open for a second or two, until its policies are in place; Mage takes longer to reach the block.
    # helm test does not, so it is not asked here.
    with ThreadPoolExecutor() as pool:
        in_the_server = pool.submit(release.mage_run)
        status, workers = release.schedule("cut_off")
        done = in_the_server.result()
    assert done.returncode != 0
    assert "ConnectionProblem" in done.stdout + done.stderr
    assert status == "FAILED"
    assert len(workers) == 1, "the second block is not begun"
