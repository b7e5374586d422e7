"""Where Ilum SQL, Livy and Ilum's API are, by what a cluster shows."""

import pytest

from deploykit.deploy.ilum_services import CORE, LIVY, SQL, IlumService, assumed, find
from deploykit.deploy.locate import Service, ServicePort
from deploykit.errors import UnreachableError, UsageError


def service(name, *ports, selector=None):
    return Service(name=name, selector=selector or {"app": name}, ports=ports, headless=False)


def no_names(_service, name):
    raise AssertionError(name)


def test_policies_get_the_pods_port_and_the_address_the_services():
    sql = service("ilum-sql-thrift-binary", ServicePort(10009, 10000), selector={"spark-role": "driver"})
    found = find(SQL, [service("other"), sql], namespace="ilum", named_ports=no_names)
    url = "hive://ilum-sql-thrift-binary.ilum.svc:10009/default"
    assert found == IlumService(SQL, url, "ilum", {"spark-role": "driver"}, 10000)


def test_a_named_port_is_looked_up_in_the_pods():
    livy = service("ilum-livy-proxy", ServicePort(8998, "http"))
    found = find(LIVY, [livy], namespace="i", named_ports=lambda _, name: {"http": 9000}[name])
    assert (found.url, found.pod_port) == ("http://ilum-livy-proxy.i.svc:8998", 9000)


def test_the_usual_port_is_taken_among_several_and_any_where_there_is_one():
    several = service("ilum-core", ServicePort(9999, 9999), ServicePort(9888, 8080))
    assert find(CORE, [several], namespace="i", named_ports=no_names).pod_port == 8080
    other = service("ilum-core", ServicePort(80, 9888))
    assert find(CORE, [other], namespace="i", named_ports=no_names).url == "http://ilum-core.i.svc:80/api/v1"


def test_several_ports_of_which_none_is_the_usual_one_are_refused():
    several = service("ilum-core", ServicePort(1, 1), ServicePort(2, 2))
    with pytest.raises(UsageError, match="no port 9888") as raised:
        find(CORE, [several], namespace="i", named_ports=no_names)
    assert "1, 2" in raised.value.why


def test_what_is_not_there_is_unreachable():
    with pytest.raises(UnreachableError, match="no Service ilum-livy-proxy with pods behind it in namespace i"):
        find(LIVY, [service("other")], namespace="i", named_ports=no_names)


def test_a_named_port_that_no_pod_has_is_unreachable():
    livy = service("ilum-livy-proxy", ServicePort(8998, "http"))
    with pytest.raises(UnreachableError, match="says which port 'http' is"):
        find(LIVY, [livy], namespace="i", named_ports=lambda *_: None)


def test_without_a_cluster_the_usual_name_and_port_count():
    assert assumed(SQL, "i").url == "hive://ilum-sql-thrift-binary.i.svc:10009/default"
    assert assumed(SQL, "i").pod_port == 0
