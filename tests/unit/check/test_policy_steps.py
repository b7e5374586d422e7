"""What policies say in a check: what is probably not meant, where plugins differ, and who may reach ilum-api."""

from dataclasses import replace
from typing import Any

from tests.unit.check.cluster_objects import MAGE, SERVER, SPARK, pod, policy, service, state

from deploykit.check.cluster.ilum_api import open_to
from deploykit.check.cluster.policy import steps, suspicions, verdict
from deploykit.check.cluster.state import ClusterState
from deploykit.check.model import Step
from deploykit.deploy.policies.allowed import allowed
from deploykit.deploy.policies.dialled import dialled

SERVICE = service("ilum", "spark", {"spark-role": "driver"})
WANTED = dialled("spark.ilum.svc", 15002, home="mage")
EVERYTHING: dict[str, Any] = {}


def of_the_server(found: ClusterState) -> tuple[Step, ...]:
    said = verdict(found, "server", found.network.pod("mage", "mage-1"), WANTED)
    return steps(found, said, WANTED, where="server")


def suspected(*objects: dict[str, Any], unread: tuple[str, ...] = ()) -> list[Step]:
    found = replace(state(MAGE, SPARK, SERVICE, *objects).network, unread=unread)
    kinds = {"server": found.pod("mage", "mage-1")}
    return list(suspicions(allowed(found, namespace="mage", kinds=kinds)))


def test_a_list_that_says_or_is_a_warning_with_a_code_of_its_own() -> None:
    peers = [{"namespaceSelector": {}}, {"podSelector": {}}]
    [step] = suspected(policy("mage", "own", SERVER, egress=[EVERYTHING], ingress=[{"from": peers}]))
    assert (step.code, step.outcome, step.where, step.exit_code) == ("policy-and-or", "warned", "cluster", 0)
    assert step.sentence.startswith("ingress rule 1 of policy mage/own: `from` has two peers side by side")
    assert step.fix.startswith("where both must hold")


def test_pods_that_no_policy_mentions_are_warned_of_in_mages_namespace_alone() -> None:
    own = policy("mage", "own", SERVER, egress=[EVERYTHING])
    beside = [pod(namespace, "other", {"app": "other"}, address="10.0.0.7") for namespace in ("mage", "ilum")]
    said = suspected(own, *beside, policy("ilum", "closed", {"spark-role": "driver"}, ingress=[EVERYTHING]))
    assert [(step.code, step.sentence.partition(":")[0]) for step in said] == [
        ("policy-not-selected", "pod mage/other")
    ]


def test_a_selector_is_not_said_to_match_nothing_where_nobody_has_looked() -> None:
    database = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "postgres"}}}
    namespace = {"kind": "Namespace", "metadata": {"name": "postgres", "namespace": "mage"}}
    rules = [EVERYTHING, {"to": [database]}]
    assert suspected(policy("mage", "own", SERVER, egress=rules), namespace) == []
    gone = {"podSelector": {"matchLabels": {"app": "gone"}}}
    [step] = suspected(policy("mage", "own", SERVER, egress=[EVERYTHING, {"to": [gone]}]))
    assert step.code == "policy-no-pod"


def test_what_the_kinds_own_step_says_of_dns_is_not_said_twice() -> None:
    assert suspected(policy("mage", "own", SERVER, egress=[{"ports": [{"port": 15002}]}])) == []


def test_what_could_not_be_read_is_said_once() -> None:
    [step] = suspected(policy("mage", "own", SERVER, egress=[EVERYTHING]), unread=("The labels are not known: x",))
    assert (step.code, step.sentence) == ("policy-unread", "The labels are not known: x")


def test_a_way_that_one_plugin_opens_and_another_does_not_is_told_with_the_answer() -> None:
    by_address = policy("mage", "own", SERVER, egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])
    dns, port = of_the_server(state(MAGE, SPARK, SERVICE, by_address))
    assert (dns.outcome, port.outcome, port.code) == ("ok", "ok", "policies-allow")
    assert "Cilium applies no ipBlock to pods" in port.why


def test_a_denial_tells_the_rule_and_that_plugins_drop_or_reject() -> None:
    _, port = of_the_server(
        state(MAGE, SPARK, SERVICE, policy("mage", "own", SERVER, egress=[{"ports": [{"port": 1}]}]))
    )
    first, second = port.why.splitlines()
    assert first == "Egress rule 1 of policy mage/own names this peer, but at TCP 1; the connection is to TCP 15002."
    assert second.startswith("Most plugins drop what is denied")


def test_ilum_api_is_looked_at_in_whichever_namespace_was_read() -> None:
    api = pod("ilum-system", "ilum-api-0", {"app.kubernetes.io/name": "api"}, address="10.0.0.8")
    found = state(MAGE, SPARK)
    wider = replace(found, network=replace(found.network, pods=(*found.network.pods, *state_of(api).network.pods)))
    [step] = open_to(wider, {"server": wider.network.pod("mage", "mage-1")})
    assert (step.code, step.outcome) == ("ilum-api-open", "warned")
    assert "pod ilum-system/ilum-api-0 port 8080" in step.sentence


def state_of(*objects: dict[str, Any]) -> ClusterState:
    """Of a namespace that `state` does not read."""
    from deploykit.deploy.policies import load

    return ClusterState(network=load(objects), objects=objects, readable=frozenset())
