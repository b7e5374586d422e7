"""Every pod that the chart brings about satisfies the restricted Pod Security Standard."""

import pytest
from tests.chart.rendering import NAMES, of_kind, pods, rendered

pytestmark = pytest.mark.usefixtures("needs_helm")

VOLUMES = {"configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"}


@pytest.mark.parametrize("name", NAMES)
def test_every_pod_is_restricted(name):
    for kind, _, spec in pods(rendered(name)):
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), kind
        for volume in spec.get("volumes", []):
            assert volume.keys() - {"name"} <= VOLUMES, kind
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            effective = {**spec.get("securityContext", {}), **container["securityContext"]}
            assert effective["runAsNonRoot"] is True, kind
            assert effective.get("runAsUser") != 0, kind
            assert effective["allowPrivilegeEscalation"] is False, kind
            assert effective["capabilities"] == {"drop": ["ALL"]}, kind
            assert effective["seccompProfile"] == {"type": "RuntimeDefault"}, kind
            assert effective["readOnlyRootFilesystem"] is True, kind
            assert container["resources"].keys() == {"limits", "requests"}, kind


@pytest.mark.parametrize("name", NAMES)
def test_only_a_mage_that_starts_jobs_gets_a_token_of_the_api_server(name):
    documents = rendered(name)
    executor = any(kind == "worker" for kind, _, _ in pods(documents))
    for kind, _, spec in pods(documents):
        if kind != "worker":
            assert spec["automountServiceAccountToken"] is (executor and kind in {"server", "scheduler"}), kind
            assert spec["enableServiceLinks"] is False


def test_a_cluster_may_choose_the_ids_itself():
    """As OpenShift does."""
    given = rendered("company", "driftCheck.enabled=true")
    assert {kind for kind, _, _ in pods(given)} == {"server", "test", "drift-check"}
    for kind, _, spec in pods(given):
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & spec["securityContext"].keys(), kind
    ids = "mageai.podSecurityContext={runAsUser: null, runAsGroup: null, fsGroup: null}"
    [worker] = [spec for kind, _, spec in pods(rendered("executor", ids)) if kind == "worker"]
    assert not {"runAsUser", "runAsGroup"} & worker["containers"][0]["securityContext"].keys()


@pytest.mark.parametrize("name", NAMES)
def test_no_account_of_the_charts_hands_out_its_token_unasked(name):
    for account in of_kind(rendered(name), "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
