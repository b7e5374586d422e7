"""Which pods serve Mage's page, and which of them is meant."""

import pytest
from tests.unit.kubernetes.api_server import kubeconfig, serving

from deploykit.deploy import mage_pods
from deploykit.deploy.mage_pods import MagePod, choose, the_release
from deploykit.errors import UnreachableError, UsageError
from deploykit.kubernetes_api import KubernetesApi

A = MagePod(name="a-1", release="a", ready=True)


def pod(name, labels, *, env=(), ready="True", phase="Running", ending=False, **container):
    environment = [{"name": key, "value": value} for key, value in env]
    return {
        "metadata": {
            "name": name,
            "labels": labels,
            **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if ending else {}),
        },
        "spec": {"containers": [{"name": "mage", "env": environment, **container}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
    }


def labels(name="mage-ilum", component=None, release="mage"):
    own = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": release}
    return {**own, **({"app.kubernetes.io/component": component} if component else {})}


@pytest.fixture
def read(tmp_path, monkeypatch):
    """The Mage pods that are read from these of namespace `mage`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(lists := {}) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))

        def serve(*items):
            lists["/api/v1/namespaces/mage/pods"] = {"metadata": {}, "items": list(items)}
            return mage_pods.serving(KubernetesApi(), "mage")

        yield serve


def test_the_server_the_web_server_and_ilums_own_module_serve_the_page(read):
    found = read(
        pod("server", labels(component="server")),
        pod("web", labels(component="web", release="split")),
        pod("module", labels("mageai", release="ilum")),
    )
    assert [(one.name, one.release) for one in found] == [("module", "ilum"), ("server", "mage"), ("web", "split")]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(pod("x", labels(component="worker")), id="a worker"),
        pytest.param(pod("x", labels(component="scheduler")), id="a scheduler"),
        pytest.param(
            pod("x", labels("mageai"), env=[("INSTANCE_TYPE", "scheduler")]), id="a scheduler by its environment"
        ),
        pytest.param(pod("x", labels(component="test"), phase="Succeeded"), id="helm test"),
        pytest.param(pod("x", labels(component="server"), ending=True), id="about to end"),
        pytest.param(pod("x", labels(component="server"), phase="Failed"), id="evicted"),
    ],
)
def test_other_pods_do_not(read, other):
    assert read(other) == []


@pytest.mark.parametrize(
    ("details", "path"),
    [
        ({}, ""),
        ({"env": [("MAGE_BASE_PATH", "external/mageai")]}, "/external/mageai"),
        ({"env": [("MAGE_BASE_PATH", "/mage/")]}, "/mage"),
        ({"readinessProbe": {"httpGet": {"path": "/external/mageai/api/status"}}}, "/external/mageai"),
        ({"readinessProbe": {"httpGet": {"path": "/api/status"}}}, ""),
        ({"livenessProbe": {"tcpSocket": {"port": 6789}}, "readinessProbe": {"httpGet": {"path": "/other"}}}, ""),
    ],
)
def test_the_base_path_is_read_from_the_environment_or_from_the_probes(read, details, path):
    [found] = read(pod("server", labels(component="server"), **details))
    assert found.base_path == path


def test_a_ready_pod_is_chosen_and_kept_while_it_is_ready():
    starting = MagePod(name="a-0", release="a", ready=False)
    newer = MagePod(name="a-2", release="a", ready=True)
    assert choose([starting, A], namespace="mage", release=None) == A
    assert choose([starting, A, newer], namespace="mage", release="a", before=newer) == newer
    assert choose([starting, A], namespace="mage", release="a", before=newer) == A


def test_several_releases_are_named_and_refused_unless_one_is_meant():
    other = MagePod(name="b-1", release="b", ready=True)
    with pytest.raises(UsageError, match="2 releases of Mage run in namespace mage: a, b") as raised:
        choose([A, other], namespace="mage", release=None)
    assert raised.value.fix == "--release a"
    assert choose([A, other], namespace="mage", release="b") == other


def test_no_release_and_one_that_is_not_ready_are_unreachable():
    with pytest.raises(UnreachableError, match="no release of Mage in namespace mage"):
        choose([], namespace="mage", release=None)
    with pytest.raises(UnreachableError, match="no release of Mage called b in namespace mage"):
        choose([A], namespace="mage", release="b")
    with pytest.raises(UnreachableError, match="Mage is not ready") as raised:
        choose([MagePod(name="a-0", release="a", ready=False)], namespace="mage", release=None)
    assert "a-0" in raised.value.fix


@pytest.mark.parametrize(
    ("named", "why"), [(None, "No pod there has one of"), ("b", "No pod there is of it, with one of")]
)
def test_a_release_that_is_not_there_is_looked_for_by_the_labels_of_all_charts(named, why):
    with pytest.raises(UnreachableError) as raised:
        the_release(["a"] if named else [], namespace="mage", named=named)
    assert raised.value.why.startswith(why)
    for name in ("mage-ilum", "mageai", "mageai-scheduler"):
        assert f"app.kubernetes.io/name={name}" in raised.value.why
