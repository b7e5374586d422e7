"""The evaluator's answer and the probe's, side by side."""

from typing import Any

from tests.unit.check.cluster_objects import MAGE, SPARK, pod, policy, service, state

from deploykit.check.cluster.ilum_api import open_to
from deploykit.check.cluster.policy import steps, verdict
from deploykit.check.inside.agree import agreement
from deploykit.check.model import Outcome, Step, Walk
from deploykit.deploy.policies.dialled import dialled

SERVICE = service("ilum", "spark", {"spark-role": "driver"})
URL = dialled("spark.ilum.svc", 15002, home="mage")
DENIED = policy("mage", "deny", {}, egress=[])


def both(denied: bool, name: tuple[Outcome, str], tcp: tuple[Outcome, str]) -> list[tuple[str, str, str]]:
    found = state(MAGE, SPARK, SERVICE, *([DENIED] if denied else []))
    said = verdict(found, "server", found.network.pod("mage", "mage-1"), URL)
    seen = tuple(
        Step(name=layer, outcome=outcome, code=code, sentence="", where="server", exit_code=4 * (outcome == "failed"))
        for layer, (outcome, code) in (("name", name), ("tcp", tcp))
    )
    every = agreement(steps(found, said, URL, where="server"), Walk(steps=seen), said)
    return [(step.name, step.outcome, step.code) for step in every]


def test_where_both_agree_nothing_is_added() -> None:
    assert [one[1] for one in both(False, ("ok", "ok"), ("ok", "ok"))] == ["ok"] * 4
    denied = both(True, ("failed", "dns-denied"), ("skipped", "not-reached"))
    assert [one[2] for one in denied] == ["dns-denied", "egress-denied", "dns-denied", "not-reached"]


def test_what_policies_deny_and_the_pod_does_is_said_and_is_no_failure() -> None:
    found = both(True, ("ok", "ok"), ("ok", "ok"))
    assert ("policy", "warned", "egress-denied") in found
    assert ("policy", "warned", "probe-differs-open") in found
    assert "failed" not in {outcome for _, outcome, _ in found}


def test_a_name_that_dns_does_not_know_was_asked_for() -> None:
    found = both(True, ("failed", "service-missing"), ("skipped", "not-reached"))
    assert ("policy-dns", "warned", "dns-denied") in found
    assert ("policy", "warned", "probe-differs-open") in found
    assert ("policy", "failed", "egress-denied") in found, "nobody has tried"


def test_what_policies_allow_and_the_pod_cannot_do_is_said() -> None:
    assert ("policy", "warned", "probe-differs-closed") in both(False, ("ok", "ok"), ("failed", "unreachable"))


def test_a_cause_that_was_found_is_no_difference() -> None:
    found = both(False, ("ok", "ok"), ("failed", "service-without-pods"))
    assert "probe-differs-closed" not in {code for _, _, code in found}


API = pod("ilum", "ilum-api", {"app.kubernetes.io/name": "api"}, address="10.0.0.8")


def opened(*policies: dict[str, Any]) -> list[str]:
    found = state(MAGE, SPARK, SERVICE, API, *policies)
    kinds = {"server": found.network.pod("mage", "mage-1")}
    return [step.sentence for step in open_to(found, kinds)]


def test_another_policy_that_opens_ilum_api_is_named_with_its_rule() -> None:
    to_api = {"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}}}]}
    harmless = {"to": [{"podSelector": {}}]}
    [said] = opened(DENIED, policy("mage", "theirs", {}, egress=[harmless, to_api]))
    assert said.startswith("Policies let server reach ilum-api, pod ilum/ilum-api port 8080: egress rule 2 of policy")
    assert "mage/theirs" in said
    assert opened(DENIED) == opened(DENIED, policy("mage", "theirs", {}, egress=[harmless])) == []


def test_a_pod_that_no_policy_isolates_may_reach_ilum_api() -> None:
    [said] = opened()
    assert "no policy isolates pod mage/mage-1 for egress" in said
