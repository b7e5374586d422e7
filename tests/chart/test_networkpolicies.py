"""The NetworkPolicies: for every kind of Mage pod, byte for byte what was reviewed.

`DEPLOYKIT_UPDATE_GOLDEN=1 pytest tests/chart` writes the golden files again; read the difference before you commit it.
"""

import os

import pytest
import yaml
from tests.chart.rendering import NAMES, example, parsed, pods, selects
from tests.needs import REPOSITORY

from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")

GOLDEN = REPOSITORY / "tests" / "golden" / "networkpolicies"


def policies(name, more=""):
    return list(yaml.safe_load_all(chart.network_policies(example(name) + more)))


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_those_that_were_reviewed(name):
    text = chart.network_policies(example(name))
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("DEPLOYKIT_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_pod_is_selected_by_a_policy_of_its_own(name):
    found = [policy for policy in policies(name) if policy["spec"]["podSelector"]]
    for kind, labels, _ in pods(parsed(chart.render(example(name)))):
        selecting = [policy["metadata"]["name"] for policy in found if selects(policy["spec"]["podSelector"], labels)]
        assert selecting == [f"mage-{kind}"]


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_denies_both_ways_what_it_does_not_allow(name):
    for policy in policies(name):
        if policy["spec"]["podSelector"]:
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("name", ["executor", "minimal", "module", "spark-service"])
def test_spark_is_reached_at_its_pods_port_and_nothing_else_of_ilum_is(name):
    for policy in policies(name):
        rules = policy["spec"].get("egress") or []
        inside = [rule for rule in rules if "spark-role" in str(rule["to"])]
        assert len(inside) == (1 if rules else 0)
        for rule in inside:
            assert rule["ports"] == [{"protocol": "TCP", "port": 15002}]
        assert "ilum-api" not in str(policy)


def test_only_the_server_may_call_the_api_server():
    reaching = [policy["metadata"]["name"] for policy in policies("executor") if "192.0.2.10/32" in str(policy)]
    assert reaching == ["mage-server"]


def test_helm_test_reaches_dns_and_spark_alone():
    [policy] = [policy for policy in policies("company") if policy["metadata"]["name"] == "mage-test"]
    ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
    assert ports == [5353, 5353, 443]


def test_other_peoples_jobs_are_isolated_only_in_mages_own_namespace():
    shared = "\nexecutor: {dedicatedNamespace: false}\n"
    assert "mage-worker" not in chart.network_policies(example("module").split("executor:")[0] + shared)
    assert "mage-worker" in chart.network_policies(example("module"))


def test_policies_can_be_left_to_somebody_else():
    assert chart.network_policies(example("minimal") + "\nnetworkPolicy: {enabled: false}\n") == ""


def test_nobody_calls_a_mage_that_names_no_caller():
    found = policies("minimal", "\nnetworkPolicy: {ingress: {ilumUI: false}}\n")
    assert all(policy["spec"]["ingress"] == [] for policy in found)
