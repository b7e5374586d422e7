"""Whether NetworkPolicies isolate a driver already."""

import pytest

from deploykit.deploy.isolation import isolating

DRIVER = {"spark-role": "driver", "spark-app-name": "connect"}


def policy(name="p", *, ours=False, selector=None, types=("Ingress",), **spec):
    labels = {"labels": {"app.kubernetes.io/name": "mage-ilum"}} if ours else {}
    return {
        "metadata": {"name": name, "namespace": "ilum", **labels},
        "spec": {"podSelector": selector or {}, "policyTypes": list(types), **spec},
    }


@pytest.mark.parametrize(
    "isolates",
    [
        policy(),
        policy(selector={"matchLabels": {"spark-role": "driver"}}),
        policy(selector={"matchExpressions": [{"key": "spark-role", "operator": "In", "values": ["driver", "x"]}]}),
        policy(types=("Egress", "Ingress"), ingress=[{"from": [{"podSelector": {}}]}]),
    ],
)
def test_a_policy_for_ingress_that_selects_the_driver_isolates_it(isolates):
    assert isolating([isolates], DRIVER, namespace="ilum") == ["p"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(policy(types=("Egress",)), id="egress alone"),
        pytest.param(policy(selector={"matchLabels": {"spark-role": "executor"}}), id="executors"),
        pytest.param(
            policy(selector={"matchExpressions": [{"key": "spark-app-name", "operator": "DoesNotExist"}]}), id="others"
        ),
        pytest.param(policy(ours=True), id="ours, which must never be the only one"),
    ],
)
def test_other_policies_do_not(other):
    assert isolating([other], DRIVER, namespace="ilum") == []
