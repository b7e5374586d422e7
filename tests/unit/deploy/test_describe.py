"""What an address alone tells about where Spark runs."""

import pytest
from tests.unit.kubernetes.api_server import PODS, kubeconfig, serving

from deploykit.deploy.describe import (
    address_for_values,
    from_address,
    from_cluster,
    parse_api_servers,
    with_database,
    with_services,
)
from deploykit.deploy.discover import ApiServer, Cluster
from deploykit.deploy.ilum_services import CORE, SQL
from deploykit.deploy.values import DRIVER_LABELS, Deployment
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference
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


POLICIES = "/apis/networking.k8s.io/v1/namespaces/ilum/networkpolicies"


@pytest.fixture
def lists():
    """What a cluster has in namespace `ilum`: a Spark Connect driver, and a Service that leads to it."""
    spec = {"selector": {"spark-role": "driver", "spark-app-name": "spark-connect"}, "ports": [{"port": 15002}]}
    return {
        "/api/v1/namespaces/ilum/pods": PODS,
        "/api/v1/namespaces/ilum/services": {"items": [{"metadata": {"name": "connect"}, "spec": spec}]},
        POLICIES: {"items": []},
    }


@pytest.fixture
def cluster(lists, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(lists) as port:
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


@pytest.mark.parametrize("labels", [{"spark-role": "driver"}, {"spark-role": "executor"}])
def test_a_policy_of_others_that_isolates_the_driver_is_named_and_answered_by_one_of_ours(cluster, lists, labels):
    spec = {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"]}
    lists[POLICIES] = {"items": [{"metadata": {"name": "company"}, "spec": spec}]}
    said = []
    found = from_cluster(EMPTY, cluster, "ilum", None, {}, say=said.append)
    assert found.ingress_policy == (labels["spark-role"] == "driver")
    assert ["NetworkPolicy company isolates" in text for text in said] == [True] * found.ingress_policy


def test_policies_that_may_not_be_read_are_said_and_leave_the_drivers_side_alone(cluster, lists):
    del lists[POLICIES]
    said = []
    assert not from_cluster(EMPTY, cluster, "ilum", None, {}, say=said.append).ingress_policy
    assert "ilum.server.ingressPolicy.create" in said[0]


def test_services_of_ilum_are_looked_up_only_when_they_are_wanted(cluster, lists):
    ports = [{"port": 9888, "targetPort": 9888}]
    lists["/api/v1/namespaces/other/services"] = {
        "items": [{"metadata": {"name": "ilum-core"}, "spec": {"selector": {"app": "ilum-core"}, "ports": ports}}]
    }
    [core] = with_services(EMPTY, [CORE], cluster=cluster, namespace="other").services
    assert (core.url, core.pod_port) == ("http://ilum-core.other.svc:9888/api/v1", 9888)
    assert with_services(EMPTY, [], cluster=cluster, namespace="nowhere").services == ()


def test_without_a_cluster_services_of_ilum_are_assumed():
    [sql] = with_services(EMPTY, [SQL], cluster=None, namespace="ilum").services
    assert (sql.url, sql.pod_port) == ("hive://ilum-sql-thrift-binary.ilum.svc:10009/default", 0)


def test_ilums_postgresql_is_found_by_its_service_and_its_pods_port(cluster, lists):
    labels = {"app.kubernetes.io/name": "postgresql"}
    spec = {"selector": labels, "ports": [{"port": 5432, "targetPort": 5433}]}
    lists["/api/v1/namespaces/lake/services"] = {"items": [{"metadata": {"name": "ilum-postgresql"}, "spec": spec}]}
    database = with_database(EMPTY, cluster=cluster, namespace="lake", say=pytest.fail).database
    assert (database.namespace, database.pod_labels, database.pod_port) == ("lake", labels, 5433)


def test_a_postgresql_that_is_not_there_is_asked_for(cluster):
    said = []
    assert with_database(EMPTY, cluster=cluster, namespace="ilum", say=said.append) == EMPTY
    assert "There is no Service ilum-postgresql" in said[0]
    assert "networkPolicy.database.to" in said[0]


def test_without_a_cluster_ilums_postgresql_is_assumed():
    database = with_database(EMPTY, cluster=None, namespace="ilum", say=pytest.fail).database
    assert (database.pod_labels, database.pod_port) == ({"app.kubernetes.io/name": "postgresql"}, 5432)


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


@pytest.mark.parametrize("text", ["kubernetes.default:443", "192.0.2.1", "192.0.2.1:https", "192.0.2.1:70000", ""])
def test_what_is_no_address_with_a_port_is_refused(text):
    with pytest.raises(UsageError, match="not ADDRESS:PORT"):
        parse_api_servers((text,))
