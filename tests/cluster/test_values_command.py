"""`deploykit values` on a real cluster: what it finds there, and where it finds nothing to write values for."""

import json
import subprocess
from collections.abc import Iterator

import pytest
import yaml
from tests.cluster.kubectl import create_namespace, kubectl
from tests.needs import Cluster

from deploykit import assets
from deploykit.cli.main import run

NAMESPACE = "opn-spark"
VALUES = ["values", "--image", "mage:1.0"]

# A driver as Kubernetes sees it: nothing here dials it.
DRIVER = """
apiVersion: v1
kind: Pod
metadata: {{name: connect-driver, labels: {{spark-role: driver, spark-app-name: connect}}}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: spark-kubernetes-driver
      image: {image}
      command: [sleep, infinity]
      ports: [{{name: spark-connect, containerPort: 15002}}, {{name: thrift, containerPort: 10000}}]
---
apiVersion: v1
kind: Service
metadata: {{name: ilum-sql-thrift-binary}}
spec: {{selector: {{spark-role: driver}}, ports: [{{port: 10009, targetPort: thrift}}]}}
"""

ISOLATING = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: company}
spec:
  podSelector: {matchLabels: {spark-role: driver}}
  ingress: [{from: [{podSelector: {}}]}]
"""


@pytest.fixture(scope="module", autouse=True)
def cluster(needs_cluster: Cluster) -> Cluster:
    return needs_cluster


@pytest.fixture(scope="module")
def driver(cluster: Cluster, image: str) -> Iterator[Cluster]:
    """A cluster with a driver, and a Service that leads to its thrift port by name."""
    create_namespace(NAMESPACE)
    kubectl("--namespace", NAMESPACE, "apply", "--filename=-", text=DRIVER.format(image=image))
    kubectl(
        "--namespace", NAMESPACE, "wait", "--for=condition=Ready", "pod/connect-driver", "--timeout=60s", seconds=90
    )
    yield cluster
    kubectl("--namespace", NAMESPACE, "delete", "namespace", NAMESPACE, "--wait=false")


def test_a_namespace_without_a_spark_driver_is_unreachable(capsys):
    assert run([*VALUES, "--namespace", "kube-system"]) == 4
    said = capsys.readouterr()
    assert "No Spark driver runs in namespace kube-system" in said.err
    assert said.out == ""


def test_a_context_that_the_kubeconfig_does_not_have_is_a_usage_error(capsys):
    assert run([*VALUES, "--namespace", "ilum", "--context", "elsewhere"]) == 2
    assert "'elsewhere'" in capsys.readouterr().err


def test_ilum_sql_is_found_with_the_port_that_its_pods_listen_on_and_the_chart_lets_mage_there(driver, capsys):
    assert run([*VALUES, "--namespace", NAMESPACE, "--sql"]) == 0
    text = capsys.readouterr().out
    assert yaml.safe_load(text)["ilum"]["sql"] == {
        "enabled": True,
        "url": "hive://ilum-sql-thrift-binary.opn-spark.svc:10009/default",
        "namespace": NAMESPACE,
        "podSelector": {"app.kubernetes.io/name": None, "spark-role": "driver"},
        "podPort": 10000,
    }
    flags = ["--set", "mageai.generateSecretWithoutCluster=true", "--values", "-"]
    command = [driver.helm, "template", "mage", str(assets.chart()), *flags]
    rendered = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=True).stdout
    egress = [
        rule
        for document in yaml.safe_load_all(rendered)
        if document["kind"] == "NetworkPolicy"
        for rule in document["spec"].get("egress") or ()
        if {"port": 10000, "protocol": "TCP"} in rule.get("ports", ())
    ]
    assert egress
    for rule in egress:
        [to] = rule["to"]
        assert to["podSelector"]["matchLabels"] == {"spark-role": "driver"}


def test_a_service_of_ilum_that_is_not_there_is_unreachable(driver, capsys):
    assert run([*VALUES, "--namespace", NAMESPACE, "--livy"]) == 4
    assert "There is no Service ilum-livy-proxy" in capsys.readouterr().err


def test_our_policy_is_asked_for_only_where_another_isolates_the_driver(driver, capsys):
    assert run([*VALUES, "--namespace", NAMESPACE]) == 0
    assert "ingressPolicy" not in capsys.readouterr().out
    kubectl("--namespace", NAMESPACE, "apply", "--filename=-", text=ISOLATING)
    try:
        assert run([*VALUES, "--namespace", NAMESPACE, "-o", "json"]) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)["ilum"]["server"]["ingressPolicy"] == {"create": True}
        assert "NetworkPolicy company isolates the driver" in said.err
    finally:
        kubectl("--namespace", NAMESPACE, "delete", "networkpolicy", "company")


def test_values_for_ilums_chart_name_the_address_that_was_found(driver, capsys):
    assert run([*VALUES, "--namespace", NAMESPACE, "--for", "ilum", "--sql"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["mageai"]["config"] == {
        "ILUM_SPARK_CONNECT_URL": "sc://spark-connect-server.opn-spark.svc:15002",
        "ILUM_SQL_URL": "hive://ilum-sql-thrift-binary.opn-spark.svc:10009/default",
    }


def test_the_api_server_of_a_cluster_of_ones_own_needs_no_warning(driver, capsys):
    assert run([*VALUES, "--namespace", NAMESPACE, "--executor"]) == 0
    said = capsys.readouterr()
    assert yaml.safe_load(said.out)["networkPolicy"]["apiServer"]["cidrs"]
    assert "may change" not in said.err
