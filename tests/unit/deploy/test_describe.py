"""What an address alone tells about where Spark runs."""

import pytest
from tests.unit.kubernetes.api_server import PODS, kubeconfig, serving

from deploykit.deploy.describe import address_for_values, from_address, from_cluster, parse_api_servers
from deploykit.deploy.discover import ApiServer, Cluster
from deploykit.deploy.reference import ImageReference
from deploykit.deploy.values import DRIVER_LABELS, Deployment
from deploykit.errors import UsageError
from mage_ilum.connect.address import ConnectAddress

EMPTY = Deployment(image=ImageReference("mage", "1.0"))


@pytest.mark.parametrize(
    "host", ["connect.spark-jobs.svc", "connect.spark-jobs.svc.cluster.local", "connect.spark-jobs.svc.k8s.corp"]
)
def test_the_name_of_a_service_holds_the_namespace_of_sparks_pods(host):
    found = from_address(EMPTY, ConnectAddress.parse(f"sc://{host}:15003"), {})
    assert (found.host, found.port, found.namespace) == (host, 15003, "spark-jobs")
    assert found.driver_labels == DRIVER_LABELS


@pytest.mark.parametrize(("url", "cidr"), [("sc://10.1.2.3", "10.1.2.3/32"), ("sc://[2001:db8::1]", "2001:db8::1/128")])
def test_an_ip_address_stands_for_itself(url, cidr):
    assert from_address(EMPTY, ConnectAddress.parse(url), {}).cidrs == (cidr,)


@pytest.mark.parametrize("host", ["spark", "spark.corp", "spark.example.com", "a.b.c.d"])
def test_a_name_that_tells_no_namespace_is_refused(host):
    with pytest.raises(UsageError, match="in which namespace"):
        from_address(EMPTY, ConnectAddress.parse(f"sc://{host}"), {})


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A cluster with a Spark Connect driver in namespace `ilum`, and a Service that leads to it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    selector = {"spark-role": "driver", "spark-app-name": "spark-connect"}
    spec = {"selector": selector, "ports": [{"port": 15002}]}
    answers = {
        "/api/v1/namespaces/ilum/pods": PODS,
        "/api/v1/namespaces/ilum/services": {"items": [{"metadata": {"name": "connect"}, "spec": spec}]},
    }
    with serving(answers) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        yield Cluster()


@pytest.mark.parametrize(
    "server", [None, "sc://connect", "sc://connect.ilum", "sc://connect.ilum.svc", "sc://connect.ilum.svc.k8s.corp"]
)
def test_a_service_of_the_namespace_is_dialled_by_a_name_without_the_clusters_domain(cluster, server):
    address = ConnectAddress.parse(server) if server else None
    found = from_cluster(EMPTY, cluster, "ilum", address, {})
    assert (found.host, found.namespace, found.create_service) == ("connect.ilum.svc", "ilum", False)


@pytest.mark.parametrize(
    "host",
    ["connect.other", "connect.other.svc.cluster.local", "connect.ilum.example", "10.1.2.3", "connect.ilum.corp.svc"],
)
def test_a_server_that_is_not_in_the_namespace_is_refused(cluster, host):
    with pytest.raises(UsageError, match="names no Service in namespace ilum"):
        from_cluster(EMPTY, cluster, "ilum", ConnectAddress.parse(f"sc://{host}"), {})


def test_an_address_for_values_is_an_address_without_parameters():
    assert address_for_values("sc://connect.ilum.svc") == ConnectAddress("connect.ilum.svc")
    with pytest.raises(UsageError, match="does not start with sc://"):
        address_for_values("http://connect.ilum.svc")


@pytest.mark.parametrize("parameters", ["token=Geheim1", "use_ssl=true;x-key=Geheim1", "user_id=Geheim1"])
def test_parameters_are_refused_and_never_repeated(parameters):
    with pytest.raises(UsageError, match="parameters") as raised:
        address_for_values(f"sc://connect.ilum.svc:15002/;{parameters}")
    assert "existingSecret" in raised.value.fix
    assert "Geheim1" not in str(vars(raised.value))


def test_api_servers_are_addresses_with_ports():
    assert parse_api_servers(("192.0.2.1:6443", "192.0.2.2:6443")) == ApiServer(
        cidrs=("192.0.2.1/32", "192.0.2.2/32"), ports=(6443,)
    )


@pytest.mark.parametrize("text", ["kubernetes.default:443", "192.0.2.1", "192.0.2.1:https", ""])
def test_what_is_no_address_with_a_port_is_refused(text):
    with pytest.raises(UsageError, match="not ADDRESS:PORT"):
        parse_api_servers((text,))
