"""When gRPC goes through an HTTP proxy."""

import pytest

from mage_ilum.connect.proxy import proxy_variable

PROXY = {"https_proxy": "http://proxy:3128"}


@pytest.mark.parametrize(
    ("host", "environment", "expected"),
    [
        ("spark", {}, None),
        ("spark", {"https_proxy": ""}, None),
        ("spark", PROXY, "https_proxy"),
        ("spark", {**PROXY, "grpc_proxy": "http://other:1"}, "grpc_proxy"),
        ("spark", {"http_proxy": "http://other:1"}, "http_proxy"),
        ("spark.ilum.svc", {**PROXY, "no_proxy": "localhost, .svc"}, None),
        ("spark.ilum.svc", {**PROXY, "no_proxy": "svc"}, None),
        ("spark.ilum.svc", {**PROXY, "no_proxy": ".example"}, "https_proxy"),
        ("spark", {**PROXY, "no_proxy": "spark", "no_grpc_proxy": "other"}, "https_proxy"),
        ("10.1.2.3", {**PROXY, "no_proxy": "10.0.0.0/8"}, None),
        ("11.1.2.3", {**PROXY, "no_proxy": "10.0.0.0/8"}, "https_proxy"),
    ],
)
def test_the_variable_that_grpc_obeys(host, environment, expected):
    assert proxy_variable(host, environment) == expected
