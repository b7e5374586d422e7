"""The Kubernetes executor: its file, its rights, and where its pods may run."""

import re
import shutil

import pytest
import yaml
from tests.chart.rendering import environment, mage, named, of_kind, pods, refusal, rendered, rendered_by, values

from deploykit import assets
from deploykit.deploy import chart
from deploykit.errors import UsageError

pytestmark = pytest.mark.usefixtures("needs_helm")

PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def config(documents):
    return yaml.safe_load(named(documents, "ConfigMap", "mage-executor")["data"]["executor.yaml"])


def test_rights_are_given_only_to_the_executor_and_only_those_it_uses():
    assert of_kind(rendered("minimal"), "Role") == []
    assert of_kind(rendered("minimal"), "RoleBinding") == []
    documents = rendered("executor")
    [role] = of_kind(documents, "Role")
    rights = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert rights == {("pods", "get"), ("jobs", "get"), ("jobs", "create"), ("jobs", "delete")}
    [binding] = of_kind(documents, "RoleBinding")
    assert [subject["name"] for subject in binding["subjects"]] == ["mage"]
    accounts = {kind: spec["serviceAccountName"] for kind, _, spec in pods(documents) if kind != "test"}
    assert accounts == {"server": "mage", "worker": "mage-worker"}


def test_the_account_of_worker_pods_may_be_given_a_clouds_identity():
    own = {"iam.gke.io/gcp-service-account": "mage@project.iam.gserviceaccount.com"}
    documents = rendered("executor", f"executor.serviceAccountAnnotations={own}")
    assert named(documents, "ServiceAccount", "mage-worker")["metadata"]["annotations"] == own
    assert "annotations" not in named(documents, "ServiceAccount", "mage")["metadata"]
    said = refusal("executor.serviceAccountName=own", "executor.serviceAccountAnnotations.a=b", values="executor")
    assert "executor.serviceAccountAnnotations and executor.serviceAccountName exclude each other" in said


@pytest.mark.parametrize(
    ("name", "starting", "not_starting"), [("executor", "server", []), ("split", "scheduler", ["web"])]
)
def test_only_the_pod_that_starts_jobs_is_told_how(name, starting, not_starting):
    documents = rendered(name)
    variables = environment(mage(documents, starting))
    assert variables["K8S_CONFIG_FILE"]["value"] == "/etc/mage-ilum/executor.yaml"
    assert variables["MAGE_CONTAINER_NAME"]["value"] == mage(documents, starting)["name"]
    assert mage(documents, starting)["pod"]["automountServiceAccountToken"] is True
    for component in not_starting:
        assert "K8S_CONFIG_FILE" not in environment(mage(documents, component))
        assert mage(documents, component)["pod"]["automountServiceAccountToken"] is False


def test_every_pipeline_uses_it_only_where_that_is_said():
    assert environment(mage(rendered("executor")))["DEFAULT_EXECUTOR_TYPE"]["value"] == "k8s"
    assert "DEFAULT_EXECUTOR_TYPE" not in environment(mage(rendered("split"), "scheduler"))


def test_a_job_is_not_retried_by_kubernetes_and_is_named_after_its_release():
    documents = rendered("executor")
    expected = {"backoff_limit": 0, "ttl_seconds_after_finished": 600, "active_deadline_seconds": 7200}
    assert config(documents)["job"] == expected
    assert "active_deadline_seconds" not in config(rendered("split"))["job"]
    assert environment(mage(documents))["MAGE_CLUSTER_UUID"]["value"] == "mage"


def test_a_large_number_stays_a_number():
    """Helm prints one from 1,000,000 on as 1e+06, which Mage reads as a float or as text."""
    changes = (
        "executor.ttlSecondsAfterFinished=2592000",
        "executor.activeDeadlineSeconds=1000000",
        "executor.resources.limits.memory=4000000000",
        "mageai.podSecurityContext.runAsUser=1000660000",
        "mageai.terminationGracePeriodSeconds=1000000",
        "mageai.startupSeconds=1000000",
        "mageai.persistence.size=5000000000",
        "mageai.scratchSizeLimit=5000000000",
        "mageai.webServer.replicaCount=1000000",
    )
    text = "".join(chart.render(values("split", *changes)))
    assert re.findall(r"\d+e\+\d+", text) == []
    assert re.findall(r"(ttl_\w+|active_\w+): (\d+)", text) == [
        ("ttl_seconds_after_finished", "2592000"), ("active_deadline_seconds", "1000000"),
    ]  # fmt: skip


def test_worker_pods_have_annotations_where_some_are_given():
    assert config(rendered("executor"))["metadata"]["annotations"] == {"sidecar.istio.io/inject": "false"}
    assert "annotations" not in config(rendered("split"))["metadata"]


def test_a_change_of_the_executors_file_starts_mage_anew_and_no_web_server():
    def annotations(name, component, *changes):
        deployment = named(rendered(name, *changes), "Deployment", component)
        return deployment["spec"]["template"]["metadata"]["annotations"]

    change = "executor.ttlSecondsAfterFinished=60"
    for name, component in (("executor", "mage"), ("split", "mage-scheduler")):
        before, after = annotations(name, component), annotations(name, component, change)
        assert before["checksum/executor"] != after["checksum/executor"]
    assert annotations("split", "mage-web") == annotations("split", "mage-web", change)


def test_worker_pods_are_asked_onto_the_node_that_the_volume_is_on():
    """As Mage reads it: the term beside its weight."""
    [term] = config(rendered("executor"))["pod"]["affinity"]["podAffinity"][PREFERRED]
    selector = of_kind(rendered("executor"), "Deployment")[0]["spec"]["selector"]
    assert term == {"weight": 100, "topologyKey": "kubernetes.io/hostname", "labelSelector": selector}
    assert "affinity" not in config(rendered("split"))["pod"], "a shared volume is on every node"


@pytest.mark.parametrize(("mode", "follows"), [("ReadWriteMany", False), ("ReadWriteOnce", True)])
def test_a_claim_of_the_users_own_says_itself_whether_worker_pods_may_be_anywhere(mode, follows, tmp_path):
    """Held against a claim in a file: there is no cluster to look it up in. The values say ReadWriteOnce, as ever."""
    copied = shutil.copytree(assets.chart(), tmp_path / "chart")
    (copied / "claim.yaml").write_text(f"spec: {{accessModes: [{mode}]}}\n")
    helpers = copied / "templates" / "_helpers.tpl"
    look = 'lookup "v1" "PersistentVolumeClaim" $.Release.Namespace .existingClaim'
    assert look in helpers.read_text()
    helpers.write_text(helpers.read_text().replace(look, '$.Files.Get "claim.yaml" | fromYaml'))
    documents = rendered_by(copied, values("executor", "mageai.persistence.existingClaim=projects"))
    assert ("affinity" in config(documents)["pod"]) is follows


def test_an_affinity_as_kubernetes_has_it_reaches_mage_as_mage_reads_it():
    node = {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]}}
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "x"}}}
    given = {"nodeAffinity": node, "podAntiAffinity": {PREFERRED: [{"weight": 7, "podAffinityTerm": term}]}}
    found = config(rendered("split", f"executor.affinity={given}"))["pod"]["affinity"]
    assert found == {"nodeAffinity": node, "podAntiAffinity": {PREFERRED: [{"weight": 7, **term}]}}


def leads(*, kind="podAffinity", key="kubernetes.io/hostname", **labels):
    """An affinity to pods with these labels, as a change of values."""
    names = {f"app.kubernetes.io/{name}": value for name, value in labels.items()}
    term = {"topologyKey": key, "labelSelector": {"matchLabels": names}}
    return f"executor.affinity={ ({kind: {PREFERRED: [{'weight': 100, 'podAffinityTerm': term}]}}) }"


@pytest.mark.parametrize("labels", [{"component": "server"}, {"name": "mage-ilum", "instance": "mage"}, {}])
def test_an_affinity_of_the_users_own_that_leads_to_mages_node_is_accepted(labels):
    assert rendered("executor", leads(**labels))


@pytest.mark.parametrize(
    "affinity",
    [
        leads(component="server", kind="podAntiAffinity"),
        leads(component="server", key="topology.kubernetes.io/zone"),
        leads(component="web"),
        leads(component="server", instance="other"),
        "executor.affinity={podAffinity: {}}",
        f"executor.affinity={{podAffinity: {{{PREFERRED}: [{{podAffinityTerm: {{topologyKey: zone}}}}]}}}}",
    ],
)
def test_an_affinity_that_may_leave_worker_pods_away_from_their_volume_is_refused(affinity):
    with pytest.raises(UsageError) as raised:
        rendered("executor", affinity)
    assert "executor.affinity leads worker pods to no node in particular" in raised.value.why


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"podAffinity.{REQUIRED}[0].topologyKey=zone", f"executor.affinity.podAffinity has {REQUIRED}"),
        (
            f"podAntiAffinity.{PREFERRED}[0].podAffinityTerm.namespaces[0]=x",
            "executor.affinity.podAntiAffinity has namespaces",
        ),
        (f"nodeAffinity.{PREFERRED}[0].weight=1", "executor.affinity.nodeAffinity has no required terms"),
        (
            f"nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[0].key=x",
            "executor.affinity.nodeAffinity has matchFields",
        ),
    ],
)
def test_an_affinity_that_mage_would_misread_is_refused(path, words):
    assert words in refusal(f"executor.affinity.{path}", values="split")
