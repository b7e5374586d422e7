"""From manifests and live objects to a network, and what the API server would refuse is refused."""

import json

import pytest
from tests.unit.deploy.policies.writing import network, pod, policy, service
from tests.unit.kubernetes.api_server import kubeconfig, serving

from deploykit.deploy.policies import load, mage_pods, read_files, read_labels, read_namespace, read_yaml
from deploykit.errors import UnreachableError, UsageError
from deploykit.kubernetes_api import EVERYWHERE, KubernetesApi

TEMPLATE = "{metadata: {labels: {app: mage}}, spec: {containers: [{ports: [{name: http, containerPort: 6789}]}]}}"


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"])
def test_a_workload_stands_for_a_pod_of_its_template(kind):
    [found] = network(f"{{kind: {kind}, metadata: {{name: mage}}, spec: {{template: {TEMPLATE}}}}}\n").pods
    assert str(found) == f"default/{kind.lower()}/mage"
    assert found.labels["app"] == "mage"
    assert found.numbers("http", "TCP") == {6789}


def test_pods_of_jobs_have_the_labels_of_their_job():
    job = f"{{kind: CronJob, metadata: {{name: drift}}, spec: {{jobTemplate: {{spec: {{template: {TEMPLATE}}}}}}}}}\n"
    [found] = network(job).pods
    assert found.labels == {"app": "mage", "batch.kubernetes.io/job-name": "drift", "job-name": "drift"}


def test_what_a_controller_made_is_told_by_its_pods():
    owned = "{name: mage-1, ownerReferences: [{kind: Deployment, name: mage, controller: true}]}"
    assert network(f"{{kind: ReplicaSet, metadata: {owned}, spec: {{template: {TEMPLATE}}}}}\n").pods == ()


def test_pods_that_have_ended_are_left_out():
    ended = [
        pod(phase, ip="10.0.0.1").replace("status:", f"status:\n  phase: {phase}") for phase in ("Failed", "Succeeded")
    ]
    assert [one.name for one in network(*ended, pod("runs")).pods] == ["runs"]


def test_ports_of_sidecars_count_and_those_of_init_containers_do_not():
    text = """{kind: Pod, metadata: {name: one}, spec: {
      initContainers: [{ports: [{name: init, containerPort: 1}]},
                       {restartPolicy: Always, ports: [{name: side, containerPort: 2}]}],
      containers: [{ports: [{name: main, containerPort: 3}]}]}}"""
    assert {port.name for port in network(text).pods[0].ports} == {"main", "side"}


def test_what_would_be_installed_replaces_what_is_there():
    there, new = policy("{policyTypes: [Egress]}"), policy("{policyTypes: [Ingress]}")
    [found] = network(there, new).policies
    assert (found.egress, found.ingress) == (None, ())


def test_lists_are_opened_and_other_kinds_left_out():
    items = [*read_yaml(pod("one")), {"kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "eA=="}}]
    assert [one.name for one in load([{"kind": "List", "items": items}]).pods] == ["one"]
    bare = {key: value for key, value in items[0].items() if key != "kind"}
    assert [one.name for one in load([{"kind": "PodList", "items": [bare]}]).pods] == ["one"]


def test_kinds_of_other_api_groups_are_not_taken_for_kubernetes_own_and_policies_among_them_are_told():
    calico = (
        "{apiVersion: projectcalico.org/v3, kind: %s, metadata: {name: %s, namespace: mage}, "
        "spec: {ingress: [{action: Deny}]}}\n"
    )
    knative = "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: page, namespace: mage}, spec: {}}\n"
    own = service("page", "mage", "{selector: {app: x}, ports: [{port: 80}]}")
    found = network(
        policy("{policyTypes: [Egress]}"), own, knative, calico % ("NetworkPolicy", "rules"),
        calico % ("GlobalNetworkPolicy", "all"),
    )  # fmt: skip
    assert [(str(one), one.egress, one.ingress) for one in found.policies] == [("mage/rules", (), None)]
    assert [one.port for one in found.service("mage", "page").ports] == [80]
    assert found.unread == (
        "The NetworkPolicy mage/rules of projectcalico.org is not judged.",
        "The GlobalNetworkPolicy mage/all of projectcalico.org is not judged.",
    )
    listed = {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicyList", "items": [{"metadata": {"name": "a"}}]}
    assert load([listed]).policies == ()


def test_objects_without_a_namespace_go_where_they_are_applied():
    text = "{kind: NetworkPolicy, metadata: {name: one}, spec: {podSelector: {}}}"
    assert load(read_yaml(text), namespace="mage").policies[0].namespace == "mage"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("{policyTypes: [ingress]}", "spec.policyTypes may hold Ingress and Egress only"),
        ("{podSelector: {matchLabels: {app: 1}}}", "spec.podSelector.matchLabels.app is no text: 1"),
        ("{podSelector: {matchExpressions: [{key: a, operator: Is}]}}", "operator is none of In, NotIn"),
        ("{podSelector: {matchExpressions: [{key: a, operator: In}]}}", "values must not be empty with In"),
        ("{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}", "must be empty with Exists"),
        ("{podSelector: {matchExpressions: [{operator: Exists}]}}", "matchExpressions[0].key is missing"),
        ("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0] is empty"),
        ("{ingress: [{from: [{podSelector: null}]}]}", "spec.ingress[0].from[0] is empty"),
        ("{ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}", "may not have ipBlock together"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]}", "cidr is no address range such as 10.0.0.0/8"),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/9]}}]}]}",
            "except must be inside 10.0.0.0/8",
        ),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['::/9']}}]}]}", "except must be inside 10.0.0.0/8"),
        ("{egress: [{ports: [{port: 0}]}]}", "spec.egress[0].ports[0].port is no port number"),
        ("{egress: [{ports: [{port: true}]}]}", "spec.egress[0].ports[0].port is no port number"),
        ("{egress: [{ports: [{port: 80, endPort: 70}]}]}", "endPort needs a numeric port that is not greater"),
        ("{egress: [{ports: [{port: web, endPort: 70}]}]}", "endPort needs a numeric port"),
        ("{egress: [{ports: [{endPort: 70}]}]}", "endPort needs a numeric port"),
        ("{egress: [{ports: [{protocol: ICMP}]}]}", "is none of TCP, UDP and SCTP: 'ICMP'"),
        ("{egress: {ports: []}}", "spec.egress is no list"),
        ("{egress: [web]}", "spec.egress[0] is no object"),
    ],
)
def test_what_the_api_server_would_refuse_is_refused_with_the_field(spec, words):
    with pytest.raises(UsageError, match="NetworkPolicy mage/rules is not valid") as raised:
        network(policy(spec))
    assert words in raised.value.why


def test_what_is_no_kubernetes_object_is_refused():
    for text in ("just text", "[1]", "{a: b}", "{kind: List, items: [x]}", "{kind: PodList, items: x}"):
        with pytest.raises(UsageError, match="no Kubernetes object"):
            load(read_yaml(text))
    with pytest.raises(UsageError, match="A Pod has no name"):
        load(read_yaml("{kind: Pod}"))
    with pytest.raises(UsageError, match="Pod default/one does not have the form of its kind"):
        load(read_yaml("{kind: Pod, metadata: {name: one, namespace: default}, status: {podIP: here}}"))


@pytest.mark.parametrize("text", ["note: 2024-02-30", "[" * 5000])
def test_what_yaml_itself_trips_over_is_a_sentence(text):
    with pytest.raises(UsageError, match="the manifests cannot be read as YAML"):
        read_yaml(text)
    executor = {"kind": "ConfigMap", "metadata": {"name": "mage-executor"}, "data": {"executor.yaml": text}}
    assert load([executor]).pods == ()


def test_a_charts_template_is_no_manifest_and_its_text_is_not_repeated(tmp_path):
    (tmp_path / "secret.yaml").write_text("kind: Secret\ndata: {{ Geheim1 }}\n  - x: [", encoding="utf-8")
    with pytest.raises(UsageError, match=r"secret\.yaml cannot be read as YAML") as raised:
        read_files(tmp_path)
    assert "helm template" in raised.value.fix
    assert "Geheim1" not in str(vars(raised.value))


def test_folders_are_read_with_all_below(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "one.yaml").write_text(pod("one"), encoding="utf-8")
    (tmp_path / "two.json").write_text(json.dumps(read_yaml(pod("two"))[0]), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("{{", encoding="utf-8")
    assert {one.name for one in load(read_files(tmp_path)).pods} == {"one", "two"}
    with pytest.raises(UsageError, match="cannot be read"):
        read_files(tmp_path / "gone.yaml")


def bare(text):
    """An object as the API lists it: without its kind."""
    return {key: value for key, value in read_yaml(text)[0].items() if key not in ("kind", "apiVersion")}


LIVE = {
    "/api/v1/pods": [bare(pod("one", ip="10.0.0.1"))],
    "/api/v1/services": [],
    "/apis/networking.k8s.io/v1/networkpolicies": [bare(policy("{policyTypes: [Egress]}"))],
    "/apis/discovery.k8s.io/v1/endpointslices": [],
    "/api/v1/namespaces": [{"metadata": {"name": "mage", "labels": {"team": "data"}}}],
}


def cluster(tmp_path, monkeypatch, answers, namespace=EVERYWHERE):
    with serving({path: {"items": items} for path, items in answers.items()}) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        objects, labels = read_namespace(KubernetesApi(), namespace), read_labels(KubernetesApi())
    return load([*objects, *labels.objects], unread=labels.unread)


def test_a_whole_cluster_is_read(tmp_path, monkeypatch):
    found = cluster(tmp_path, monkeypatch, LIVE)
    assert [str(one) for one in (*found.pods, *found.policies)] == ["mage/one", "mage/rules"]
    assert found.namespace_labels("mage") == {"team": "data", "kubernetes.io/metadata.name": "mage"}
    assert found.unread == ()


def test_who_may_not_list_namespaces_is_told_that_their_labels_are_unknown(tmp_path, monkeypatch):
    one = {
        path.replace("/v1/", "/v1/namespaces/mage/"): items for path, items in LIVE.items() if "namespaces" not in path
    }
    found = cluster(tmp_path, monkeypatch, one, "mage")
    assert [str(one) for one in found.pods] == ["mage/one"]
    assert found.namespace_labels("mage") == {"kubernetes.io/metadata.name": "mage"}
    [sentence] = found.unread
    assert sentence.startswith("The labels of namespaces are not known")
    with pytest.raises(UnreachableError):
        cluster(tmp_path, monkeypatch, {})


def test_kinds_of_mage_pods_are_found_by_component_and_those_that_run_first():
    executor = """kind: ConfigMap
metadata: {name: mage-executor, namespace: mage}
data:
  executor.yaml: |
    metadata: {labels: {app.kubernetes.io/name: mage-ilum, app.kubernetes.io/component: worker}}
"""
    own = "{app.kubernetes.io/name: mage-ilum, app.kubernetes.io/component: server}"
    template = f"{{metadata: {{labels: {own}}}}}"
    workload = f"{{kind: Deployment, metadata: {{name: mage, namespace: mage}}, spec: {{template: {template}}}}}\n"
    name, part = "app.kubernetes.io__name", "app.kubernetes.io__component"
    running = pod("mage-1", ip="10.0.0.1", **{name: "mage-ilum", part: "server"})
    found = mage_pods(
        network(workload, running, executor, pod("other", app="x"), pod("own", "ilum", **{name: "mageai"}))
    )
    assert {kind: str(one) for kind, one in found.items()} == {
        "server": "mage/mage-1",
        "worker": "mage/job/mage-executor",
        "server of ilum/": "ilum/own",
    }
    assert found["worker"].labels["batch.kubernetes.io/job-name"] == "mage-executor"
