"""The evaluator's answer and the probe's, side by side."""

from tests.unit.check.cluster_objects import MAGE, SPARK, policy, service, state

from deploykit.check.cluster.policy import steps, verdict
from deploykit.check.cluster.target import dialled
from deploykit.check.inside.agree import agreement
from deploykit.check.model import Outcome, Step, Walk

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


def test_what_policies_allow_and_the_pod_cannot_do_is_said() -> None:
    assert ("policy", "warned", "probe-differs-closed") in both(False, ("ok", "ok"), ("failed", "unreachable"))


def test_a_cause_that_was_found_is_no_difference() -> None:
    found = both(False, ("ok", "ok"), ("failed", "service-without-pods"))
    assert "probe-differs-closed" not in {code for _, _, code in found}
