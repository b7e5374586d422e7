"""Where it is said that policies by address may not lead to the API server."""

import pytest

from deploykit.deploy.control_plane import warnings


def test_an_api_server_on_a_node_needs_no_word():
    assert warnings(("192.0.2.1/32",), nodes=frozenset({"192.0.2.1", "node-1"}), cilium=False) == []


@pytest.mark.parametrize("nodes", [frozenset({"10.0.0.1"}), frozenset()])
def test_an_address_that_is_no_nodes_may_move(nodes):
    [said] = warnings(("10.0.0.9/32", "10.0.0.1/32"), nodes=nodes, cilium=False)
    assert "10.0.0.9/32" in said
    assert "may change" in said
    assert "networkPolicy.apiServer.cidrs" in said


@pytest.mark.parametrize(("cidr", "count"), [("34.118.224.1/32", 1), ("10.0.0.9/32", 0)])
def test_where_nodes_may_not_be_read_a_public_address_is_taken_for_a_providers(cidr, count):
    assert len(warnings((cidr,), nodes=None, cilium=False)) == count


def test_cilium_is_named_with_both_ways_out():
    [said] = warnings(("192.0.2.1/32",), nodes=frozenset({"192.0.2.1"}), cilium=True)
    assert "networkPolicy.apiServer.cilium" in said
    assert "policyCIDRMatchMode" in said
