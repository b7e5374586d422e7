"""Every source of `deploykit detect` in a real cluster: operators' objects, Helm releases, rights, pods, Ilum's API."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.conftest import SPARK
from tests.cluster.kubectl import create_namespace, kubectl
from tests.cluster.spark_operators import defined
from tests.needs import Cluster, Ilum
from tests.unit.detect.ilum_core import PASSWORD, IlumCore, cluster, job
from tests.unit.mage_ilum import servers

from deploykit.detect.ask import detect as ask
from deploykit.detect.evidence import Confidence
from deploykit.detect.where import Where

ASKED, RUNS, RELEASE, MIXED = (f"src-{what}-{uuid.uuid4().hex[:6]}" for what in ("asked", "runs", "release", "mixed"))
"""Namespaces: with objects alone, with objects and their pods, with a Helm release, with drivers of several kinds.
A run has its own."""
NAMESPACES = (ASKED, RUNS, RELEASE, MIXED)
HELM_VALUES = Path(__file__).parents[1] / "unit" / "detect" / "helm_values"

OBJECTS = f"""
apiVersion: v1
kind: List
items:
- apiVersion: sparkoperator.k8s.io/v1alpha1
  kind: SparkConnect
  metadata: {{name: kubeflow, namespace: {ASKED}}}
  spec: {{sparkVersion: 4.0.4, image: "docker.io/apache/spark:4.0.4", server: {{}}, executor: {{instances: 2}}}}
- apiVersion: spark.stackable.tech/v1alpha1
  kind: SparkConnectServer
  metadata: {{name: stackable, namespace: {ASKED}}}
  spec: {{image: {{productVersion: 3.5.7}}, clusterOperation: {{reconciliationPaused: true}}}}
- apiVersion: sparkoperator.k8s.io/v1alpha1
  kind: SparkConnect
  metadata: {{name: kubeflow, namespace: {RUNS}}}
  spec: {{sparkVersion: 3.5.7, image: "docker.io/apache/spark:3.5.7", server: {{}}, executor: {{}}}}
- apiVersion: v1
  kind: Pod
  metadata:
    name: kubeflow-server
    namespace: {RUNS}
    labels: {{spark-role: connect-server, spark-version: "{SPARK}", sparkoperator.k8s.io/connect-name: kubeflow}}
  spec: &pod
    terminationGracePeriodSeconds: 0
    containers:
    - name: spark
      image: IMAGE
      command: [sleep, infinity]
      ports: [{{name: grpc, containerPort: 15002}}]
- apiVersion: spark.stackable.tech/v1alpha1
  kind: SparkConnectServer
  metadata: {{name: stackable, namespace: {RELEASE}}}
  spec: {{image: {{productVersion: {SPARK}}}}}
- apiVersion: v1
  kind: Pod
  metadata:
    name: stackable-server-0
    namespace: {RELEASE}
    labels:
      app.kubernetes.io/name: spark-connect
      app.kubernetes.io/instance: stackable
      app.kubernetes.io/managed-by: spark.stackable.tech_connect
  spec: *pod
- apiVersion: v1
  kind: Pod
  metadata: {{name: newer, namespace: {MIXED}, labels: {{spark-role: driver, spark-version: "{SPARK}"}}}}
  spec: *pod
- apiVersion: v1
  kind: ConfigMap
  metadata: {{name: older-conf-map, namespace: {MIXED}}}
  data: {{spark.properties: "spark.plugins=org.apache.spark.sql.connect.SparkConnectPlugin"}}
- apiVersion: v1
  kind: Pod
  metadata: {{name: older, namespace: {MIXED}, labels: {{spark-role: driver, spark-version: 3.5.7}}}}
  spec:
    terminationGracePeriodSeconds: 0
    containers: [{{name: spark-kubernetes-driver, image: IMAGE, command: [sleep, infinity]}}]
    volumes: [{{name: spark-conf-volume-driver, configMap: {{name: older-conf-map}}}}]
- apiVersion: v1
  kind: ConfigMap
  metadata: {{name: batch-conf-map, namespace: {MIXED}}}
  data: {{spark.properties: "spark.app.name=batch"}}
- apiVersion: v1
  kind: Pod
  metadata: {{name: batch, namespace: {MIXED}, labels: {{spark-role: driver, spark-version: 3.4.1}}}}
  spec:
    terminationGracePeriodSeconds: 0
    containers: [{{name: spark-kubernetes-driver, image: IMAGE, command: [sleep, infinity]}}]
    volumes: [{{name: spark-conf-volume-driver, configMap: {{name: batch-conf-map}}}}]
"""
STARTS = f"""
apiVersion: v1
kind: Pod
metadata: {{name: starts, namespace: {MIXED}, labels: {{spark-role: driver, spark-version: 3.5.6}}}}
spec:
  nodeSelector: {{deploykit.test/node: none}}
  containers: [{{name: spark-kubernetes-driver, image: "spark:3.5.6", ports: [{{containerPort: 15002}}]}}]
"""
CHART = "apiVersion: v2\nname: ilum\nversion: 6.7.0\n"


def detect(*arguments: str, code: int = 0, **environment: str) -> dict[str, object]:
    """The JSON that `deploykit detect` answers; where it fails, what it says as `error`."""
    done = subprocess.run(
        [sys.executable, "-m", "deploykit", "detect", *arguments, "-o", "json"],
        env={**os.environ, "DEPLOYKIT_TIMEOUT": "10", **environment},  # a busy API server is no matter here
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
    return found


def sources(found: dict[str, object]) -> dict[str, str]:
    """The version that each source names."""
    return {item["source"]: item["version"] for item in found["evidence"]}  # type: ignore[attr-defined]


def reasons(found: dict[str, object]) -> dict[str, str]:
    """Why a source gave no evidence."""
    return {item["source"]: item["why"] for item in found["not_asked"]}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def objects(needs_cluster: Cluster, registry: str) -> Iterator[None]:
    """Both operators' objects, with pods as they would make them."""
    with defined():
        try:
            for namespace in NAMESPACES:
                create_namespace(namespace)
            kubectl("apply", "--filename=-", text=OBJECTS.replace("IMAGE", f"{registry}/testbed/spark:{SPARK}"))
            for namespace in (RUNS, RELEASE, MIXED):
                kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod", "--all", f"--namespace={namespace}")
            yield
        finally:
            kubectl("delete", "--ignore-not-found", "--wait=false", *(f"ns/{name}" for name in NAMESPACES))


@pytest.fixture(scope="module")
def release(objects: None, needs_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A Helm release `ilum` of a chart whose values look like Ilum's, in its second revision."""
    chart = tmp_path_factory.mktemp("ilum")
    (chart / "templates").mkdir()
    (chart / "Chart.yaml").write_text(CHART)
    (chart / "values.yaml").write_text("ilum-core: {kubernetes: {container: {image: 'ilum/spark:3.4.1'}}}\n")
    for name in ("umbrella", "umbrella_as_text"):
        given = ("--values", str(HELM_VALUES / f"{name}.yaml"), f"--namespace={RELEASE}")
        subprocess.run([needs_cluster.helm, "upgrade", "--install", "ilum", chart, *given], check=True, timeout=60)


@pytest.fixture(scope="module")
def login(objects: None, needs_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory):
    """A factory: a kubeconfig that may do just this in namespace RUNS."""

    def make(*rules: str) -> str:
        name = f"reader-{abs(hash(rules)) % 10**8}"
        kubectl("create", "serviceaccount", name, f"--namespace={RUNS}")
        for number, rule in enumerate(rules):
            verb, _, resource = rule.partition(" ")
            kubectl("create", "role", f"{name}-{number}", f"--verb={verb}", f"--resource={resource}", f"-n={RUNS}")
            binding = ("rolebinding", f"{name}-{number}", f"--role={name}-{number}")
            kubectl("create", *binding, f"--serviceaccount={RUNS}:{name}", f"--namespace={RUNS}")
        config = yaml.safe_load(needs_cluster.kubeconfig.read_text())
        token = kubectl("create", "token", name, f"--namespace={RUNS}").strip()
        config["users"] = [{"name": "reader", "user": {"token": token}}]
        for context in config["contexts"]:
            context["context"]["user"] = "reader"
        path = tmp_path_factory.mktemp("login") / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    return make


def test_where_no_pod_runs_the_operators_objects_answer_with_little_confidence(objects: None) -> None:
    found = detect("--namespace", ASKED)
    assert (found["version"], found["confidence"]) == ("3.5.7", "slight")
    assert sources(found) == {
        "SparkConnect version": "4.0.4",
        "SparkConnect image": "4.0.4",
        "SparkConnectServer version": "3.5.7",
    }
    assert len(found["disagreements"]) == 1  # type: ignore[arg-type]
    assert f"{ASKED}/SparkConnect/kubeflow asks for 4.0.4" in found["disagreements"][0]  # type: ignore[index]
    assert "No Spark driver runs" in reasons(found)["Spark pods"]


def test_a_pod_that_an_operator_has_not_replaced_yet_counts_more_than_its_object(objects: None) -> None:
    found = detect("--namespace", RUNS)
    assert (found["version"], found["confidence"]) == (SPARK, "low")
    assert sources(found) == {
        "driver label": SPARK,
        "driver image": SPARK,
        "SparkConnect version": "3.5.7",
        "SparkConnect image": "3.5.7",
    }
    assert {item["server"] for item in found["evidence"]} == {f"{RUNS}/kubeflow-server"}  # type: ignore[attr-defined]
    assert all("says 3.5.7, the driver" in text for text in found["disagreements"])  # type: ignore[attr-defined]


def test_a_server_that_nobody_submitted_is_found_by_its_port_and_tied_to_its_object(objects: None) -> None:
    found = detect("--namespace", RELEASE)
    assert (found["version"], found["confidence"], found["disagreements"]) == (SPARK, "low", [])
    assert sources(found) == {"driver image": SPARK, "SparkConnectServer version": SPARK}
    assert {item["server"] for item in found["evidence"]} == {f"{RELEASE}/stackable-server-0"}  # type: ignore[attr-defined]


def test_a_server_that_is_a_plugin_of_another_application_counts_and_a_batch_job_does_not(objects: None) -> None:
    """Before Spark 4 a driver declares no port for Connect, and Ilum's job is of another class."""
    found = detect("--namespace", MIXED)
    labels = [item for item in found["evidence"] if item["source"] == "driver label"]  # type: ignore[attr-defined]
    assert {item["server"]: item["version"] for item in labels} == {f"{MIXED}/newer": SPARK, f"{MIXED}/older": "3.5.7"}
    assert found["version"] == "3.5.7"


def test_a_server_that_still_starts_counts_for_clients_will_meet_it(objects: None) -> None:
    kubectl("apply", "--filename=-", text=STARTS)
    try:
        assert detect("--namespace", MIXED)["version"] == "3.5.6"
    finally:
        kubectl("delete", "--filename=-", text=STARTS)


def test_a_helm_release_is_read_only_when_asked_and_named_where_it_is_stale(release: None) -> None:
    assert "Helm values" not in sources(detect("--namespace", RELEASE))
    found = detect("--namespace", RELEASE, "--helm-values", "ilum")
    assert (found["version"], sources(found)["Helm values"]) == (SPARK, "3.5.3-delta")
    [stale] = [text for text in found["disagreements"] if "3.5.3-delta" in text]  # type: ignore[attr-defined]
    assert f"but {SPARK} runs. Without upgradeClusterOnStartup: true" in stale


def test_where_nothing_runs_the_deployed_revision_of_a_helm_release_is_a_guess(release: None) -> None:
    with servers.refused() as port:
        found = detect(f"sc://127.0.0.1:{port}", "--helm-values", f"{RELEASE}/ilum")
    places = {item["where"].split(", ")[1] for item in found["evidence"]}  # type: ignore[attr-defined]
    assert places == {
        "ilum-core.kubernetes.defaultCluster.config.spark.kubernetes.container.image",
        "ilum-core.kubernetes.container.image",
    }
    assert (found["version"], found["confidence"]) == ("3.4.1", "guess")


def test_a_release_that_is_not_there_costs_only_itself(objects: None) -> None:
    found = detect("--namespace", RUNS, "--helm-values", "nobody")
    assert found["version"] == SPARK
    assert "There is no Helm release nobody" in reasons(found)["Helm values"]


def test_a_missing_right_costs_one_source_and_is_named(login) -> None:
    found = detect("--namespace", RUNS, "--helm-values", "ilum", KUBECONFIG=login("list pods"))
    assert (found["version"], found["confidence"]) == (SPARK, "low")
    assert {source: why.partition("That needs ")[2] for source, why in reasons(found).items()} == {
        "SparkConnect objects": "the right `list` on `sparkconnects.sparkoperator.k8s.io` there.",
        "SparkConnectServer objects": "the right `list` on `sparkconnectservers.spark.stackable.tech` there.",
        "Helm values": "the right `list` on `secrets` there.",
    }


def test_without_the_right_to_see_pods_an_object_answers(login) -> None:
    found = detect("--namespace", RUNS, KUBECONFIG=login("list sparkconnects.sparkoperator.k8s.io"))
    assert (found["version"], found["confidence"]) == ("3.5.7", "slight")
    assert "the right `list` on `pods`" in reasons(found)["Spark pods"]


def test_without_any_right_each_of_the_missing_ones_is_named(login) -> None:
    said = detect("--namespace", RUNS, code=4, KUBECONFIG=login())["error"]
    for resource in ("pods", "sparkconnects.sparkoperator.k8s.io", "sparkconnectservers.spark.stackable.tech"):
        assert f"the right `list` on `{resource}`" in said  # type: ignore[operator]


def test_a_login_that_has_ended_is_one_sentence(objects: None, needs_cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(needs_cluster.kubeconfig.read_text())
    config["users"] = [{"name": user["name"], "user": {"token": "s3cr3t-and-ended"}} for user in config["users"]]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    said = detect("--namespace", RUNS, code=4, KUBECONFIG=str(path))["error"]
    assert str(said).count("does not accept the kubeconfig's login") == 1


def test_ilums_job_is_tied_to_the_driver_that_runs_and_all_sources_agree(spark: Ilum) -> None:
    [pod] = json.loads(kubectl("get", "pods", f"-n={spark.namespace}", "-l=spark-role=driver", "-o=json"))["items"]
    running = job("connect", f"ilum/spark:{SPARK}", appId=pod["metadata"]["labels"]["spark-app-selector"])
    with IlumCore(clusters=[cluster(image=f"ilum/spark:{SPARK}")], listed=[running]) as ilum:
        found = detect(f"sc://{pod['status']['podIP']}:15002", "--namespace", spark.namespace, "--ilum-core", ilum.url)
    assert (found["version"], found["confidence"], found["disagreements"]) == (SPARK, "certain", [])
    assert len(sources(found)) == 8
    assert {item["server"] for item in found["evidence"]} == {found["evidence"][0]["server"], "Ilum"}  # type: ignore
    assert PASSWORD not in str(found)


def test_with_some_sources_silent_the_others_answer_within_three_seconds(spark: Ilum) -> None:
    assert ask(Where(namespace=spark.namespace), timeout=2.5).not_asked == ()  # and what it imports is there now
    with servers.blackhole() as server, servers.silent() as core:
        address, url = f"sc://127.0.0.1:{server}", f"http://127.0.0.1:{core}"
        where = Where(servers=(address,), namespace=spark.namespace, ilum_core=url)
        began = time.monotonic()
        found = ask(where, timeout=2)
        took = time.monotonic() - began
    assert (str(found.version), found.confidence) == (SPARK, Confidence.HIGH)
    assert {item.source for item in found.not_asked} == {"server", "Ilum API"}
    assert took < 3
