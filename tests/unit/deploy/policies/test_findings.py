"""What in policies is probably not meant, each kind made on purpose, and nothing found where all is well."""

import pytest
from tests.unit.deploy.policies.writing import network, pod, policy, service

from deploykit.deploy.policies import Code, findings

MAGE = pod("mage", ip="10.0.0.1", app="mage")
DRIVER = pod("driver", "ilum", ip="10.0.0.2", role="driver")
CONNECT = service(
    "connect", "ilum", "{selector: {role: driver}, clusterIP: 10.96.0.9, ports: [{port: 443, targetPort: 15002}]}"
)
DNS_POD = pod("coredns", "kube-system", ip="10.0.0.3", k8s_app="kube-dns")
DNS = service(
    "kube-dns",
    "kube-system",
    "{selector: {k8s-app: kube-dns}, clusterIP: 10.96.0.10, ports: [{port: 53, protocol: UDP, name: u}, {port: 53}]}",
)
ALL = (MAGE, DRIVER, CONNECT, DNS_POD, DNS, "{kind: Namespace, metadata: {name: ilum}}\n")


def inside(namespace, more=""):
    return f"{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}{more}}}"


def dns(namespace, port):
    return f"{{to: [{inside(namespace)}], ports: [{{port: {port}, protocol: UDP}}, {{port: {port}}}]}}"


def spark(port):
    return f"{{to: [{inside('ilum', ', podSelector: {matchLabels: {role: driver}}')}], ports: [{{port: {port}}}]}}"


TO_DNS = dns("kube-system", 53)


def egress(*rules, types="policyTypes: [Egress],"):
    return policy(f"{{podSelector: {{matchLabels: {{app: mage}}}}, {types} egress: [{', '.join(rules)}]}}")


def found(*documents, parts=ALL, namespaces=("mage",)):
    return [(one.code, one.about, one.sentence) for one in findings(network(*parts, *documents), namespaces=namespaces)]


def test_nothing_is_found_where_all_is_well():
    assert found(egress(TO_DNS, spark(15002))) == []


def test_a_rule_that_names_the_services_port():
    [(code, about, sentence)] = found(egress(TO_DNS, spark(443)))
    assert (code, about) == (Code.SERVICE_PORT, "egress rule 2 of policy mage/rules")
    assert sentence.startswith("It allows TCP 443, the port of Service ilum/connect.")
    assert sentence.endswith("such as ilum/driver: 15002.")


def test_an_ingress_rule_that_names_the_services_port():
    own = policy("{podSelector: {matchLabels: {role: driver}}, ingress: [{ports: [{port: 443}]}]}", "own", "ilum")
    assert [one[:2] for one in found(own, namespaces=("ilum",))] == [
        (Code.SERVICE_PORT, "ingress rule 1 of policy ilum/own"),
        (Code.NOBODY_REACHES_SERVICE, "pod ilum/driver"),
    ]


def test_a_port_name_that_no_pod_declares():
    [(code, _, sentence)] = found(egress(TO_DNS, spark("grpc")))
    assert code == Code.NO_PORT_NAME
    assert "the port grpc" in sentence


def test_a_missing_dns_rule():
    [(code, about, sentence)] = found(egress(spark(15002)))
    assert (code, about) == (Code.DNS, "pod mage/mage")
    assert sentence.startswith("It cannot ask for names. Egress of pod mage/mage is denied: policy mage/rules isolates")


def test_dns_by_udp_alone():
    [(code, *_)] = found(egress(TO_DNS.replace(", {port: 53}", "")))
    assert code == Code.DNS_TCP


def test_dns_is_not_missed_where_nothing_at_all_is_allowed():
    assert found(egress()) == []


def test_without_a_dns_service_in_sight_kube_dns_is_assumed():
    parts = (MAGE, DRIVER)
    by_label = "{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]}"
    assert Code.DNS in [one[0] for one in found(egress(spark(15002)), parts=parts)]
    assert Code.DNS not in [one[0] for one in found(egress(by_label), parts=parts)]


OPENSHIFT = (
    MAGE,
    pod("dns-default-1", "openshift-dns", ip="10.0.0.4", app="dns"),
    service(
        "dns-default",
        "openshift-dns",
        "{selector: {app: dns}, clusterIP: 10.96.0.10, ports: [{port: 53, targetPort: 5353, protocol: UDP, name: u}, "
        "{port: 53, targetPort: 5353, name: t}]}",
    ),
)


@pytest.mark.parametrize(("port", "codes"), [(5353, []), (53, [Code.SERVICE_PORT, Code.SERVICE_PORT, Code.DNS])])
def test_openshifts_dns_listens_on_another_port_than_its_service(port, codes):
    said = found(egress(dns("openshift-dns", port)), parts=OPENSHIFT)
    assert [one[0] for one in said] == codes
    assert all("5353" in one[2] for one in said)


def test_nodelocal_dns_is_reached_by_its_address():
    local = pod("node-local-dns-1", "kube-system", ip="192.0.2.1", k8s_app="node-local-dns", host_network=True)
    by_address = "{to: [{ipBlock: {cidr: 169.254.20.10/32}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}"
    parts = (*ALL, local)
    assert found(egress(by_address), parts=parts) == []
    assert [one[0] for one in found(egress(spark(15002)), parts=parts)] == [Code.DNS]


def test_a_cache_of_dns_that_is_named_and_not_there_is_no_mistake():
    """The chart names it beside kube-dns, wherever it is installed."""
    cache = inside("kube-system", ", podSelector: {matchLabels: {k8s-app: node-local-dns}}")
    named = TO_DNS.replace(inside("kube-system"), f"{cache}, {{ipBlock: {{cidr: 169.254.20.10/32}}}}")
    assert cache in named
    assert found(egress(TO_DNS, named, spark(15002))) == []


@pytest.mark.parametrize(
    ("peer", "code", "words"),
    [
        (
            "{namespaceSelector: {matchLabels: {name: ilum}}}",
            Code.NO_NAMESPACE,
            "namespaces with name=ilum, and there is",
        ),
        (
            "{podSelector: {matchLabels: {role: driver}}}",
            Code.NO_POD,
            "pods with role=driver of the policy's namespace",
        ),
        (inside("ilum", ", podSelector: {matchLabels: {role: x}}"), Code.NO_POD, "pods with role=x in namespaces with"),
        (
            "{ipBlock: {cidr: 10.96.0.9/32}}",
            Code.SERVICE_ADDRESS,
            "holds 10.96.0.9, the address of Service ilum/connect",
        ),
    ],
)
def test_peers_that_name_nothing(peer, code, words):
    [(said, about, sentence)] = found(egress(TO_DNS, f"{{to: [{peer}]}}"))
    assert (said, about) == (code, "egress rule 2 of policy mage/rules")
    assert words in sentence


def test_of_manifests_alone_nothing_is_said_about_other_namespaces():
    assert found(egress("{to: [{namespaceSelector: {matchLabels: {x: y}}}]}"), parts=(MAGE,))[0][0] is Code.DNS


def test_a_policy_for_pods_of_jobs_may_select_none_now():
    selector = "{matchExpressions: [{key: batch.kubernetes.io/job-name, operator: Exists}]}"
    assert found(egress(TO_DNS), policy(f"{{podSelector: {selector}}}", "worker")) == []


def test_a_policy_that_selects_no_pod():
    [(code, about, sentence)] = found(egress(TO_DNS), policy("{podSelector: {matchLabels: {app: magee}}}", "typo"))
    assert (code, about) == (Code.NO_POD, "policy mage/typo")
    assert "pods with app=magee, and namespace mage has none" in sentence


def test_two_peers_side_by_side_where_one_was_meant():
    both = f"{{to: [{inside('ilum')}, {{podSelector: {{matchLabels: {{app: mage}}}}}}]}}"
    [(code, about, sentence)] = found(egress(TO_DNS, both))
    assert (code, about) == (Code.AND_OR, "egress rule 2 of policy mage/rules")
    assert "all pods in namespaces with kubernetes.io/metadata.name=ilum, OR pods with app=mage" in sentence
    one = f"{{to: [{inside('ilum', ', podSelector: {matchLabels: {role: driver}}')}]}}"
    assert found(egress(TO_DNS, one)) == []


def test_a_policy_that_isolates_ingress_by_default():
    [(code, about, _)] = found(egress(TO_DNS, types=""))
    assert (code, about) == (Code.ISOLATED_BY_DEFAULT, "policy mage/rules")


def test_a_service_whose_pods_nobody_may_reach():
    page = service("mage", "mage", "{selector: {app: mage}, ports: [{port: 80, targetPort: 6789}]}")
    both = egress(TO_DNS, types="policyTypes: [Ingress, Egress],")
    [(code, about, sentence)] = found(both, page)
    assert (code, about) == (Code.NOBODY_REACHES_SERVICE, "pod mage/mage")
    assert "Service mage/mage leads to it, and policy mage/rules isolates it" in sentence
    assert found(both, page, policy("{ingress: [{ports: [{port: 6789}]}]}", "page")) == []


def test_pods_that_no_policy_selects():
    [(code, about, _)] = found(egress(TO_DNS), pod("worker", ip="10.0.0.9"))
    assert (code, about) == (Code.NOT_SELECTED, "pod mage/worker")
    assert found(pod("worker", ip="10.0.0.9")) == [], "where there are no policies, nobody meant to have any"
