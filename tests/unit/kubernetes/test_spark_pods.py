"""`detect` and `values` read the same pods in the same way."""

import copy

import pytest
from tests.unit.kubernetes.api_server import PODS, kubeconfig, serving

from deploykit.deploy.describe import from_cluster
from deploykit.deploy.discover import Cluster
from deploykit.deploy.values import Deployment
from deploykit.detect.evidence import merge
from deploykit.detect.pods import read
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference
from deploykit.kubernetes_api import KubernetesApi
from deploykit.spark_pods import alive

NO_SERVICES = {"apiVersion": "v1", "kind": "ServiceList", "metadata": {}, "items": []}


@pytest.fixture
def namespace(tmp_path, monkeypatch):
    """Ask both about the pods of a namespace: the versions that detect sees, and the driver that the values name."""

    def ask(pods):
        answers = {"/api/v1/namespaces/ilum/pods": pods, "/api/v1/namespaces/ilum/services": NO_SERVICES}
        with serving(answers) as port:
            monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
            found = merge(read("ilum", alive(KubernetesApi(), "ilum")).evidence)
            deployment = from_cluster(Deployment(image=ImageReference("mage", "1")), Cluster(), "ilum", None, {})
        servers = {item.server for item in found.evidence}
        return str(found.version), servers, deployment.driver_labels["spark-app-name"]

    return ask


def without_class(*, ports):
    """The same pods, where the Connect driver hides its class and declares these ports."""
    pods = copy.deepcopy(PODS)
    container = pods["items"][0]["spec"]["containers"][1]
    container["args"] = ["driver", "--class", "com.example.Main"]
    container["ports"] = ports
    return pods


CONNECT = ("3.5.7", {"ilum/spark-connect-1111-driver"}, "spark-connect")


def test_a_connect_driver_is_known_by_its_class(namespace):
    assert namespace(PODS) == CONNECT


@pytest.mark.parametrize("port", [{"containerPort": 15002}, {"containerPort": 15002, "name": "grpc"}])
def test_a_connect_driver_is_known_by_its_port_with_or_without_a_name(namespace, port):
    assert namespace(without_class(ports=[port])) == CONNECT


def test_a_server_that_a_deployment_runs_is_found_by_both_and_its_service_with_it(tmp_path, monkeypatch):
    server = {
        "metadata": {"name": "connect-1", "namespace": "ilum", "labels": {"app": "connect"}},
        "spec": {"containers": [{"name": "spark", "image": "spark:4.1.1", "ports": [{"containerPort": 15002}]}]},
    }
    other = {"metadata": {"name": "x", "namespace": "ilum"}, "spec": {"containers": [{"name": "x"}]}}
    spec = {"selector": {"app": "connect"}, "ports": [{"port": 15002}]}
    answers = {
        "/api/v1/namespaces/ilum/pods": {"metadata": {}, "items": [other, server]},
        "/api/v1/namespaces/ilum/services": {
            "metadata": {},
            "items": [{"metadata": {"name": "connect"}, "spec": spec}],
        },
    }
    with serving(answers) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        [found] = alive(KubernetesApi(), "ilum")
        deployment = from_cluster(Deployment(image=ImageReference("mage", "1")), Cluster(), "ilum", None, {})
    assert (found.name, found.role) == ("connect-1", "driver")
    assert (deployment.host, deployment.driver_labels) == ("connect.ilum.svc", {"app": "connect"})


def test_a_udp_port_makes_no_connect_driver(namespace):
    with pytest.raises(UsageError, match="2 Spark drivers run"):
        namespace(without_class(ports=[{"containerPort": 15002, "protocol": "UDP"}]))
