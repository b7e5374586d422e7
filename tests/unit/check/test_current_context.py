"""A failure met outside, where a kubeconfig has a current context: a name like a Service's is asked about, in time."""

import socket
import time

import pytest
from tests.unit.check.cluster_objects import SPARK, service
from tests.unit.kubernetes.api_server import kubeconfig, listing, serving

from deploykit.cli.main import run
from deploykit.kubernetes_api import KubernetesApi


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "DEPLOYKIT_CONTEXT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def current(monkeypatch, tmp_path):
    """A cluster that the kubeconfig's current context leads to."""
    with serving(listing(service("ilum", "spark", {"spark-role": "driver"}), SPARK)) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        KubernetesApi()  # imports the client, which on a busy machine may take all the time that there is
        yield


@pytest.mark.usefixtures("current")
@pytest.mark.parametrize(
    ("host", "code", "sentence"),
    [
        ("spark.ilum.svc", "outside-cluster", "Service ilum/spark is there"),
        ("spark.ilum", "outside-cluster", "Service ilum/spark is there"),
        ("sparc.ilum.svc.cluster.local", "service-missing", "There is no Service sparc in namespace ilum."),
        ("spark", "service-missing", "There is no Service spark in namespace mage."),
    ],
)
def test_the_state_of_the_current_context_decides_about_a_name_like_a_services(capsys, host, code, sentence):
    begin = time.monotonic()
    assert run(["check", f"sc://{host}:15002"]) == 4
    assert time.monotonic() - begin < 3
    said = capsys.readouterr().out
    assert sentence in said
    assert f"name: {code}" in said
    assert "So says the cluster of context here." in said


@pytest.mark.usefixtures("current")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_it_is_not_asked_about_what_is_no_services_name(capsys, closed_port, host):
    assert run(["check", f"sc://{host}:{closed_port}"]) == 4
    said = capsys.readouterr().out
    assert "context here" not in said
    assert "The state of the cluster, which decides, was not asked." in said


@pytest.mark.parametrize("context", [[], ["--context", "here"]])
def test_a_cluster_that_does_not_answer_takes_no_more_than_the_rest_of_the_time(capsys, monkeypatch, tmp_path, context):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server)))
        begin = time.monotonic()
        assert run(["check", "sc://spark.ilum.svc", "--timeout", "0.5", *context]) == 4
        assert time.monotonic() - begin < 2.5  # with the client's import
    said = capsys.readouterr().out
    assert "One of these, the likeliest first:" in said
    assert "The cluster was asked, and does not say:" in said


def test_a_machine_without_a_kubeconfig_asks_nobody(capsys):
    assert run(["check", "sc://spark.ilum.svc"]) == 4
    assert "was not asked." in capsys.readouterr().out
