"""The kinds of a release, and the pods that stand in for those that do not run."""

import copy
import json
from typing import Any

import pytest
from tests.unit.check.cluster_objects import MAGE, RELEASE, SERVER, pod, policy, state

from deploykit.check.inside.kinds import PROBE_LABEL, kinds
from deploykit.check.inside.pod import DEADLINE_SECONDS, probe_pod, serving
from deploykit.cli import check_inside
from deploykit.deploy.policies.mage import KINDS
from deploykit.errors import UnreachableError, UsageError

COMMAND = ("python3", "-m", "mage_ilum.check")


def with_environment(*entries: dict[str, Any]) -> dict[str, Any]:
    mage = copy.deepcopy(MAGE)
    mage["spec"]["containers"] = [{"name": "mage", "image": "r/mage@sha256:1", "env": list(entries)}]
    return mage


def test_kinds_are_those_that_run_and_those_that_policies_and_mage_know() -> None:
    mage = with_environment({"name": "K8S_CONFIG_FILE", "value": "/etc/mage-ilum/executor.yaml"})
    drift = policy("mage", "mage-drift-check", {**RELEASE, "app.kubernetes.io/component": "drift-check"}, egress=[])
    found = kinds(state(mage, drift), "mage", release=None)
    assert [(kind.name, kind.running) for kind in found] == [
        ("server", "mage-1"), ("worker", ""), ("unlabelled-worker", ""), ("test", ""), ("drift-check", ""),
    ]  # fmt: skip


def test_ilums_module_has_workers_without_labels_where_a_policy_waits_for_a_jobs_pods() -> None:
    """Nobody tells that Mage which labels to give: the policies beside it know its workers as pods of Jobs."""
    jobs = policy("mage", "guard-worker", {}, egress=[])
    jobs["spec"]["podSelector"] = {"matchExpressions": [{"key": "batch.kubernetes.io/job-name", "operator": "Exists"}]}
    [server, worker] = kinds(state(of_the_module("mageai", "web"), jobs), "mage", release=None)
    assert (server.name, worker.name, worker.running) == ("server", "unlabelled-worker", "")
    assert set(worker.labels) == {"batch.kubernetes.io/job-name", "job-name"}
    assert set(probe_pod(worker, COMMAND)["metadata"]["labels"]) == {*worker.labels, PROBE_LABEL}


def test_every_kind_can_be_asked_alone() -> None:
    assert ("mage", *KINDS) == check_inside.PLACES


def test_ilums_module_has_one_kind() -> None:
    labels = {"app.kubernetes.io/name": "mageai", "app.kubernetes.io/instance": "ilum"}
    assert [kind.name for kind in kinds(state(pod("mage", "m", labels)), "mage", release=None)] == ["server"]


def of_the_module(name: str, pod_name: str) -> dict[str, Any]:
    return pod("mage", pod_name, {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "ilum"})


def test_ilums_module_may_have_a_scheduler_apart_and_our_helm_test_beside_it() -> None:
    """The chart beside it is a release of its own, whose test pod stays when it has ended."""
    beside = {"app.kubernetes.io/name": "mage-ilum", "app.kubernetes.io/instance": "guard"}
    ended = pod("mage", "guard-test", {**beside, "app.kubernetes.io/component": "test"}, ready=False)
    drift = policy("mage", "guard-drift", {**beside, "app.kubernetes.io/component": "drift-check"}, egress=[])
    found = kinds(
        state(of_the_module("mageai", "web"), of_the_module("mageai-scheduler", "scheduler"), ended, drift),
        "mage",
        release=None,
    )
    assert [(kind.name, kind.running) for kind in found] == [
        ("server", "web"), ("scheduler", "scheduler"), ("test", ""), ("drift-check", ""),
    ]  # fmt: skip
    assert found[-1].labels.items() >= drift["spec"]["podSelector"]["matchLabels"].items()
    assert {kind.release for kind in found} == {"ilum"}


def test_several_releases_have_to_be_told_apart() -> None:
    other = pod("mage", "other-1", {**SERVER, "app.kubernetes.io/instance": "other"})
    with pytest.raises(UsageError, match="2 releases"):
        kinds(state(MAGE, other), "mage", release=None)
    assert kinds(state(MAGE, other), "mage", release="other")[0].running == "other-1"
    with pytest.raises(UnreachableError, match="no release of Mage called third"):
        kinds(state(MAGE, other), "mage", release="third")


def test_a_probe_is_never_taken_for_mage() -> None:
    left = pod("mage", "left", {**SERVER, PROBE_LABEL: "server"})
    assert kinds(state(MAGE, left), "mage", release=None)[0].running == "mage-1"


def test_a_probe_has_the_labels_of_its_kind_and_none_of_an_owner() -> None:
    mage = pod("mage", "mage-1", {**SERVER, "pod-template-hash": "1", "team": "x"}, ready=False)
    server, test = (kind for kind in kinds(state(mage), "mage", release=None) if kind.name in ("server", "test"))
    assert server.labels == {**SERVER, "team": "x"}
    assert test.labels == {**RELEASE, "app.kubernetes.io/component": "test"}


def test_a_worker_has_the_labels_of_a_job_too() -> None:
    mage = with_environment({"name": "K8S_CONFIG_FILE", "value": "x"})
    [worker] = [kind for kind in kinds(state(mage), "mage", release=None) if kind.name == "worker"]
    assert "batch.kubernetes.io/job-name" in worker.labels


def test_a_probe_pod_is_restricted_short_lived_and_never_ready() -> None:
    [test] = [kind for kind in kinds(state(MAGE), "mage", release=None) if kind.name == "test"]
    spec = probe_pod(test, COMMAND)["spec"]
    assert spec["activeDeadlineSeconds"] == DEADLINE_SECONDS
    assert spec["restartPolicy"] == "Never"
    assert spec["readinessGates"], "a gate that nobody opens"
    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in spec
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_a_probe_pod_finds_names_and_nodes_as_mage_does() -> None:
    mage = copy.deepcopy(MAGE)
    nodes = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
    as_mage = {
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["192.0.2.53"]},
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["spark.example"]}],
        "nodeSelector": {"pool": "data"},
        "tolerations": [{"key": "data", "operator": "Exists"}],
    }
    mage["spec"] |= {**as_mage, "affinity": {"nodeAffinity": nodes, "podAntiAffinity": {"x": []}}}
    [test] = [kind for kind in kinds(state(mage), "mage", release=None) if kind.name == "test"]
    spec = probe_pod(test, COMMAND)["spec"]
    assert spec.items() >= as_mage.items()
    assert spec["affinity"] == {"nodeAffinity": nodes}, "to keep away from Mage's own pods is no matter of a probe's"


def test_a_probe_pod_knows_the_way_to_spark_and_no_other_secret() -> None:
    secret = {"secretKeyRef": {"name": "spark", "key": "ILUM_SPARK_CONNECT_URL"}}
    mage = with_environment(
        {"name": "ILUM_SPARK_CONNECT_URL", "valueFrom": secret},
        {"name": "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "value": "/etc/ca/ca.crt"},
        {"name": "MAGE_DATABASE_CONNECTION_URL", "value": "postgresql://mage:secret@db/mage"},
        {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
    )
    mounts = [{"name": "ca", "mountPath": "/etc/ca"}, {"name": "data", "mountPath": "/home/src"}]
    mage["spec"]["containers"][0]["volumeMounts"] = mounts
    mage["spec"]["volumes"] = [
        {"name": "ca", "secret": {"secretName": "ca"}},
        {"name": "data", "persistentVolumeClaim": {}},
    ]
    [test] = [kind for kind in kinds(state(mage), "mage", release=None) if kind.name == "test"]
    made = probe_pod(test, COMMAND)
    [container] = made["spec"]["containers"]
    assert container["env"][0] == {"name": "ILUM_SPARK_CONNECT_URL", "valueFrom": secret}
    assert {"HTTPS_PROXY", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"} <= {one["name"] for one in container["env"]}
    assert "postgresql" not in json.dumps(made)
    assert [one["name"] for one in container["volumeMounts"]] == ["ca"]
    assert [one["name"] for one in made["spec"]["volumes"]] == ["ca"]
    mounts[0] = {"name": "ca", "mountPath": "/etc/ca/ca.crt", "subPath": "ca.crt"}
    assert [one["name"] for one in probe_pod(test, COMMAND)["spec"]["volumes"]] == ["ca"], "a file as a mount"


@pytest.mark.parametrize(("published", "expected"), [(True, "page"), (False, "")])
def test_a_service_that_serves_pods_that_are_not_ready_is_found(published: bool, expected: str) -> None:
    page = {"metadata": {"name": "page"}, "spec": {"selector": SERVER, "publishNotReadyAddresses": published}}
    assert serving([page], {**SERVER, "more": "x"}) == expected
