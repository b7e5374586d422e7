"""What Services and endpoints of a cluster are read as."""

import pytest
from tests.unit.kubernetes.api_server import kubeconfig, serving

from deploykit.deploy.discover import ApiServer, Cluster
from deploykit.deploy.locate import Service, ServicePort

SERVICES = "/api/v1/namespaces/ilum/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A cluster whose API gives these lists."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(lists := {}) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        yield lambda path, *items: lists.update({path: {"metadata": {}, "items": items}}) or Cluster()


def service(name, labels=None, **spec):
    return {"metadata": {"name": name, **({"labels": labels} if labels else {})}, "spec": spec}


def test_services_that_select_pods_are_read_with_their_tcp_ports(cluster):
    ports = [{"port": 15002}, {"port": 443, "protocol": "TCP", "targetPort": "connect"}, {"port": 1, "protocol": "UDP"}]
    found = cluster(SERVICES, service("a", selector={"x": "y"}, ports=ports), service("external")).services("ilum")
    assert found == [Service("a", {"x": "y"}, (ServicePort(15002, 15002), ServicePort(443, "connect")), headless=False)]


def test_headless_services_and_those_of_our_chart_are_known(cluster):
    ours = {"app.kubernetes.io/name": "mage-ilum"}
    [found] = cluster(SERVICES, service("a", ours, selector={"x": "y"}, clusterIP="None")).services("ilum")
    assert (found.headless, found.ours) == (True, True)


def test_the_api_server_is_named_by_the_addresses_behind_its_service(cluster):
    endpoints = [{"addresses": ["192.0.2.20"]}, {"addresses": ["192.0.2.3"]}]
    found = cluster(SLICES, {"endpoints": endpoints, "ports": [{"port": 6443}]}).api_server()
    assert found == ApiServer(cidrs=("192.0.2.3/32", "192.0.2.20/32"), ports=(6443,))


def test_a_named_port_is_that_of_the_first_pod_that_declares_it(cluster):
    containers = [{"ports": [{"containerPort": 1}]}, {"ports": [{"name": "thrift", "containerPort": 10000}]}, {}]
    found = cluster("/api/v1/namespaces/ilum/pods", {"spec": {"containers": containers}})
    service = Service("sql", {"x": "y"}, (), headless=False)
    assert found.named_port("ilum", service, "thrift") == 10000
    assert found.named_port("ilum", service, "http") is None


def test_the_nodes_addresses_are_of_every_kind(cluster):
    addresses = [{"type": "InternalIP", "address": "192.0.2.1"}, {"type": "Hostname", "address": "node"}]
    found = cluster("/api/v1/nodes", {"status": {"addresses": addresses}}, {"status": {}})
    assert found.node_addresses() == {"192.0.2.1", "node"}


def test_what_may_not_be_read_of_the_cluster_is_left_open(cluster):
    found = cluster(SERVICES)
    assert found.node_addresses() is None
    assert not found.has_cilium()


def test_cilium_is_known_by_its_pods(cluster):
    assert cluster("/api/v1/namespaces/kube-system/pods", {}).has_cilium()
    assert not cluster("/api/v1/namespaces/kube-system/pods").has_cilium()
