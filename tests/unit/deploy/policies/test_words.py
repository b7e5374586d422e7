"""Why, in words: the reasons, the rules that would have to change, the patch, and where plugins differ."""

import pytest
import yaml
from tests.unit.deploy.policies.writing import network, pod, policy, service

from deploykit.deploy.policies import Miss, Pod, evaluate, explain, load, near_misses, notes, patch, read_yaml

MAGE = pod("mage-7d9f-x", ip="10.0.0.1", app="mage", pod_template_hash="7d9f")
SPARK = pod("connect-driver", "ilum", ip="10.0.0.2", spark_role="driver", spark_app_selector="spark-1")
CONNECT = service(
    "connect",
    "ilum",
    "{selector: {spark-role: driver}, clusterIP: 10.96.0.9, ports: [{port: 443, targetPort: 15002}, "
    "{port: 53, name: d}, {port: 53, name: u, protocol: UDP}]}",
)
IN_ILUM = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ilum}}"
TO_SPARK = f"to: [{{{IN_ILUM}, podSelector: {{matchLabels: {{spark-role: driver}}}}}}]"


def ask(*documents, port=443, protocol="TCP"):
    found = network(MAGE, SPARK, CONNECT, *documents)
    service = found.service("ilum", "connect")
    return found, evaluate(found, source=found.pods[0], target=service, port=port, protocol=protocol)


def egress(rules, name="rules"):
    return policy(f"{{podSelector: {{matchLabels: {{app: mage}}}}, policyTypes: [Egress], egress: [{rules}]}}", name)


def test_an_allowed_connection_is_told_with_its_rule():
    found, answer = ask(egress(f"{{{TO_SPARK}, ports: [{{port: 15002}}]}}"))
    assert explain(found, answer) == (
        "Policies let pod mage/mage-7d9f-x reach TCP port 443 of Service ilum/connect.",
        "Egress of pod mage/mage-7d9f-x is allowed by egress rule 1 of policy mage/rules.",
        "Ingress of pod ilum/connect-driver is allowed: no policy isolates the pod in this direction.",
    )
    assert patch(answer) == ()
    assert near_misses(found, answer) == ()


def test_a_denied_connection_is_told_with_the_policies_that_isolate():
    found, answer = ask(policy("{policyTypes: [Egress]}", "deny"), egress("", "own"))
    assert explain(found, answer)[:2] == (
        "Policies deny pod mage/mage-7d9f-x TCP port 443 of Service ilum/connect.",
        "Egress of pod mage/mage-7d9f-x is denied: policies mage/deny, mage/own isolate it, and no rule allows "
        "TCP 15002 to pod ilum/connect-driver.",
    )


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        (f"{TO_SPARK}, ports: [{{port: 443}}]", Miss.SERVICE_PORT, "the pod's port: write 15002."),
        (f"{TO_SPARK}, ports: [{{port: 7078}}]", Miss.PORT, "at TCP 7078; the connection is to TCP 15002."),
        (f"{TO_SPARK}, ports: [{{port: 15002, protocol: UDP}}]", Miss.PROTOCOL, "at UDP 15002; the connection is TCP"),
        (
            f"{TO_SPARK}, ports: [{{port: grpc}}]",
            Miss.PORT_NAME,
            "the name grpc, which pod ilum/connect-driver does not",
        ),
        ("to: [{podSelector: {matchLabels: {spark-role: driver}}}]", Miss.NAMESPACE, "its own namespace mage only"),
        ("to: [{namespaceSelector: {matchLabels: {team: x}}}]", Miss.NAMESPACE, "looks in namespaces with team=x only"),
        (
            f"to: [{{{IN_ILUM}, podSelector: {{matchLabels: {{spark-role: x}}}}}}]",
            Miss.LABELS,
            "has spark-role=driver.",
        ),
        (f"to: [{{{IN_ILUM}, podSelector: {{matchLabels: {{app: x}}}}}}]", Miss.LABELS, "has no label app."),
        ("to: [{ipBlock: {cidr: 10.96.0.9/32}}]", Miss.SERVICE_ADDRESS, "the Service's address 10.96.0.9."),
    ],
)
def test_the_rule_that_would_have_to_change_is_named_with_what_is_wrong(rule, code, words):
    elsewhere = "{ports: [{port: 1}], to: [{ipBlock: {cidr: 192.0.2.0/24}}]}"
    found, answer = ask(egress(f"{elsewhere}, {{{rule}}}"))
    [miss] = near_misses(found, answer)
    assert (miss.code, str(miss.rule)) == (code, "egress rule 2 of policy mage/rules")
    assert words in miss.sentence
    assert miss.sentence in explain(found, answer)


def test_the_nearest_rule_comes_first():
    far = f"{{to: [{{{IN_ILUM}, podSelector: {{matchLabels: {{app: x}}}}}}]}}"
    found, answer = ask(egress(f"{far}, {{{TO_SPARK}, ports: [{{port: 443}}]}}"))
    assert [miss.code for miss in near_misses(found, answer)] == [Miss.SERVICE_PORT, Miss.LABELS]


def test_a_patch_is_a_policy_to_apply_that_names_what_outlives_a_restart():
    _, answer = ask(policy("{policyTypes: [Egress]}", "deny"), policy("{podSelector: {}}", "closed", "ilum"))
    policies = patch(answer)
    names = [item["metadata"].pop("name") for item in policies]
    assert names[0].startswith("allow-mage-7d9f-x-to-connect-driver-")
    assert names[1].startswith("allow-connect-driver-from-mage-7d9f-x-")
    assert list(policies) == list(
        yaml.safe_load_all(
            """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: mage}
spec:
  podSelector: {matchLabels: {app: mage}}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ilum}}
          podSelector: {matchLabels: {spark-role: driver}}
      ports: [{protocol: TCP, port: 15002}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ilum}
spec:
  podSelector: {matchLabels: {spark-role: driver}}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: mage}}
          podSelector: {matchLabels: {app: mage}}
      ports: [{protocol: TCP, port: 15002}]
"""
        )
    )


def test_patches_for_different_connections_do_not_replace_each_other():
    names = [
        patch(ask(policy("{policyTypes: [Egress]}"), port=port, protocol=protocol)[1])[0]["metadata"]["name"]
        for port, protocol in ((443, "TCP"), (443, "TCP"), (53, "TCP"), (53, "UDP"))
    ]
    assert len(set(names)) == 3


def test_the_patch_for_several_pods_behind_a_service_is_one_policy():
    second = pod("other-driver", "ilum", ip="10.0.0.3", spark_role="driver", spark_app_selector="spark-2")
    _, answer = ask(policy("{policyTypes: [Egress]}"), second)
    assert len(answer.paths) == 2
    assert len(patch(answer)) == 1


def test_pods_of_a_job_are_named_in_a_patch_by_being_of_a_job():
    job = "{kind: Job, metadata: {name: run-1, namespace: mage}, spec: {template: {}}}\n"
    found = network(SPARK, job, policy("{podSelector: {}}", "closed", "ilum"))
    answer = evaluate(
        found, source=found.pod("mage", "job/run-1"), target=found.pod("ilum", "connect-driver"), port=15002
    )
    [peer] = patch(answer)[0]["spec"]["ingress"][0]["from"]
    assert peer["podSelector"] == {"matchExpressions": [{"key": "batch.kubernetes.io/job-name", "operator": "Exists"}]}
    assert evaluate(
        load([*read_yaml("---\n".join((SPARK, job))), *patch(answer)]),
        source=answer.source,
        target=answer.target,
        port=15002,
    ).allowed


def to_spark(source, name):
    """May this pod of namespace mage reach Spark, where policies isolate everybody?"""
    closed = (policy("{policyTypes: [Egress]}", "closed"), policy("{podSelector: {}}", "closed", "ilum"))
    found = network(SPARK, source, *closed)
    return evaluate(found, source=found.pod("mage", name), target=found.pod("ilum", "connect-driver"), port=15002)


def test_a_patch_for_pods_of_a_job_selects_pods_of_jobs_and_never_the_whole_namespace():
    outward, _ = patch(
        to_spark("{kind: Job, metadata: {name: run-1, namespace: mage}, spec: {template: {}}}\n", "job/run-1")
    )
    assert outward["spec"]["podSelector"] == {
        "matchExpressions": [{"key": "batch.kubernetes.io/job-name", "operator": "Exists"}]
    }


def test_a_pod_without_a_label_that_lasts_gets_no_patch_that_opens_its_namespace():
    assert patch(to_spark(pod("bare", pod_template_hash="7d9f"), "bare")) == ()


def codes(found, answer):
    return {note.code for note in notes(found, answer)}


def test_plugins_differ_in_what_a_client_sees_of_a_denial():
    assert codes(*ask(egress(""))) == {"drop-or-reject"}
    assert codes(*ask()) == set()


def test_plugins_differ_in_whether_a_range_of_addresses_holds_pods():
    block = "{ipBlock: {cidr: 10.0.0.0/8}}"
    assert codes(*ask(egress(f"{{to: [{block}]}}"))) == {"ip-block-inside"}
    assert codes(*ask(egress(f"{{to: [{block}, {{namespaceSelector: {{}}}}]}}"))) == set()
    assert codes(*ask(egress(f"{{to: [{block}]}}, {{ports: [{{port: 15002}}]}}"))) == set()


def test_plugins_differ_in_ranges_of_ports():
    assert codes(*ask(egress("{ports: [{port: 15000, endPort: 16000}]}"))) == {"end-port"}
    assert codes(*ask(egress("{ports: [{port: 15002, endPort: 16000}]}"))) == set()


def between(source, target, *documents, protocol="TCP"):
    found = network(*documents)
    ends = [found.pod("mage", name) if "." not in name else name for name in (source, target)]
    return found, evaluate(found, source=ends[0], target=ends[1], port=80, protocol=protocol)


def test_plugins_differ_in_nodes_sctp_and_rewritten_addresses():
    host = pod("agent", ip="192.0.2.1", node="n", host="192.0.2.1", host_network=True)
    near = pod("near", ip="10.0.0.8", node="n", host="192.0.2.1", app="x")
    assert codes(*between("near", "agent", host, near)) == {"host-network", "own-node"}
    assert codes(*between("near", "192.0.2.1", near)) == {"own-node"}
    node = policy("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.1/32}}]}]}")
    assert codes(*between("near", "192.0.2.1", near, node)) == {"own-node", "ip-block-inside"}
    assert codes(*between("near", "198.51.100.1", near, protocol="SCTP")) == {"sctp"}
    assert codes(*between("198.51.100.1", "near", near, policy("{ingress: [{}]}"))) == {"rewritten-source"}


def test_a_pod_without_an_address_may_be_in_a_range_that_was_not_counted():
    new = "{kind: Deployment, metadata: {name: new, namespace: mage}, spec: {template: {}}}\n"
    closed = policy("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}")
    near = pod("near", ip="10.0.0.8")
    assert codes(*between("near", "deployment/new", near, new, closed)) == {"drop-or-reject", "address-unknown"}


def test_what_could_not_be_read_is_part_of_the_answer():
    found = load(read_yaml(MAGE), unread=["The labels of namespaces are not known."])
    answer = evaluate(found, source=found.pods[0], target=Pod(namespace="x", name="y"), port=1)
    assert explain(found, answer)[-1] == "The labels of namespaces are not known."
