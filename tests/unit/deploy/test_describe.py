"""What an address alone tells about where Spark runs."""

import pytest

from deploykit.deploy.describe import from_address, parse_api_servers
from deploykit.deploy.discover import ApiServer
from deploykit.deploy.reference import ImageReference
from deploykit.deploy.values import DRIVER_LABELS, Deployment
from deploykit.errors import UsageError
from mage_ilum.address import ConnectAddress

EMPTY = Deployment(image=ImageReference("mage", "1.0"))


@pytest.mark.parametrize(
    "host", ["connect.spark-jobs", "connect.spark-jobs.svc", "connect.spark-jobs.svc.cluster.local"]
)
def test_the_name_of_a_service_holds_the_namespace_of_sparks_pods(host):
    found = from_address(EMPTY, ConnectAddress.parse(f"sc://{host}:15003"), {})
    assert (found.host, found.port, found.namespace) == (host, 15003, "spark-jobs")
    assert found.driver_labels == DRIVER_LABELS


@pytest.mark.parametrize(("url", "cidr"), [("sc://10.1.2.3", "10.1.2.3/32"), ("sc://[2001:db8::1]", "2001:db8::1/128")])
def test_an_ip_address_stands_for_itself(url, cidr):
    assert from_address(EMPTY, ConnectAddress.parse(url), {}).cidrs == (cidr,)


@pytest.mark.parametrize("host", ["spark", "spark.example.com", "a.b.c.d"])
def test_a_name_that_tells_no_namespace_is_refused(host):
    with pytest.raises(UsageError, match="in which namespace"):
        from_address(EMPTY, ConnectAddress.parse(f"sc://{host}"), {})


def test_api_servers_are_addresses_with_ports():
    assert parse_api_servers(("192.0.2.1:6443", "192.0.2.2:6443")) == ApiServer(
        cidrs=("192.0.2.1/32", "192.0.2.2/32"), ports=(6443,)
    )


@pytest.mark.parametrize("text", ["kubernetes.default:443", "192.0.2.1", "192.0.2.1:https", ""])
def test_what_is_no_address_with_a_port_is_refused(text):
    with pytest.raises(UsageError, match="not ADDRESS:PORT"):
        parse_api_servers((text,))
