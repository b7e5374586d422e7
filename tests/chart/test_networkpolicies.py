"""The NetworkPolicies: one for every kind of Mage pod, and one rule for each switch.

What they let through is tried on a cluster, in tests/cluster/test_network_policies.py.
"""

import pytest
import yaml
from tests.chart.rendering import NAMES, named, of_kind, pods, rendered, selects
from tests.needs import REPOSITORY

from deploykit import assets

pytestmark = pytest.mark.usefixtures("needs_helm")

PAGE = REPOSITORY / "docs" / "network.md"

MODULE = {"mageai": "server", "mageai-scheduler": "scheduler"}
"""Pods of Ilum's own module by their label `app.kubernetes.io/name`, as Mage's chart gives it."""
MAGE = {"server", "worker"}
ALL = {"server", "worker", "test", "drift-check"}
DNS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def tcp(*ports):
    return [{"protocol": "TCP", "port": port} for port in ports]


def cidrs(*blocks):
    return [{"ipBlock": {"cidr": block}} for block in blocks]


def pods_of(namespace, **labels):
    names = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return [{"namespaceSelector": selector, "podSelector": {"matchLabels": names}}]


def everywhere(*, v4, v6):
    return [{"ipBlock": {"cidr": "0.0.0.0/0", "except": v4}}, {"ipBlock": {"cidr": "::/0", "except": v6}}]


PRIVATE = [
    "10.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
]  # fmt: skip
EXTRA = '{"to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}]}'
PEERS = '[{"podSelector": {"matchLabels": {"app": "there"}}}]'
THERE = yaml.safe_load(PEERS)
OPENSHIFT = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}} | {
    "podSelector": {"matchLabels": {"dns.operator.openshift.io/daemonset-dns": "default"}}
}

# What is set, which kinds of pods get a rule by it, and that rule.
SWITCHES = {
    "networkPolicy.dns.openshift=true": (
        ALL,
        [OPENSHIFT],
        [{"protocol": "UDP", "port": 5353}, {"protocol": "TCP", "port": 5353}],
    ),
    "networkPolicy.dns.gkeCloudDNS=true": (ALL, cidrs("169.254.169.254/32"), DNS),
    f"networkPolicy.dns.custom.to={PEERS}": (ALL, THERE, DNS),
    f"networkPolicy.database.to={PEERS}": (MAGE, THERE, tcp(5432)),
    f"networkPolicy.redis.to={PEERS}": (MAGE, THERE, tcp(6379)),
    f"networkPolicy.objectStore.to={PEERS}": (MAGE, THERE, tcp(9000)),
    "ilum.sql.enabled=true": (MAGE, pods_of("ilum", app_kubernetes_io__name="ilum-sql"), tcp(10009)),
    "ilum.livy.enabled=true": (MAGE, pods_of("ilum", app="ilum-livy-proxy"), tcp(8998)),
    "ilum.core.enabled=true": (MAGE, pods_of("ilum", app="ilum-core"), tcp(9888)),
    "networkPolicy.internet.enabled=true": (
        MAGE,
        everywhere(v4=PRIVATE, v6=["fc00::/7", "fe80::/10"]),
        tcp(443),
    ),
    "networkPolicy.eksPodIdentity=true": (MAGE, cidrs("169.254.170.23/32", "fd00:ec2::23/128"), tcp(80)),
    f'networkPolicy.extraEgress=[{EXTRA}, {{"to": {PEERS}, "ports": [{{"port": 7}}]}}]': (MAGE, THERE, [{"port": 7}]),
}
# Mage in one pod, workers, helm test and the drift check; no switch but what the executor cannot do without.
DEDICATED = "executor.dedicatedNamespace=true"
"""Beside Ilum's module only where that runs apart from Ilum and Spark."""
BASE = ("driftCheck.enabled=true", "networkPolicy.database.to=[]", f"networkPolicy.extraEgress=[{EXTRA}]")


def policies(name, *changes, namespace=""):
    return of_kind(rendered(name, *changes, namespace=namespace), "NetworkPolicy")


def kind_of(policy):
    return policy["metadata"]["name"].removeprefix("mage-")


def egress(*changes, name="executor"):
    """The egress rules of each kind of pod."""
    found = policies(name, *BASE, *changes)
    return {kind_of(policy): policy["spec"]["egress"] for policy in found if policy["spec"].get("egress")}


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_pod_is_selected_by_a_policy_of_its_own(name):
    found = [policy for policy in policies(name) if policy["spec"].get("egress")]
    for kind, labels, _ in pods(rendered(name)):
        selecting = [kind_of(policy) for policy in found if selects(policy["spec"]["podSelector"], labels)]
        assert selecting == [kind]


@pytest.mark.parametrize("component", ["worker", "test", "drift-check", "server", "anything"])
def test_no_label_takes_a_jobs_pod_out_of_all_policies(component):
    labels = {"batch.kubernetes.io/job-name": "mage-data-prep-block-1", "app.kubernetes.io/component": component}
    assert any(
        selects(policy["spec"]["podSelector"], labels)
        for policy in policies("executor", "networkPolicy.defaultDenyEgress=false")
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_denies_both_ways_what_it_does_not_allow(name):
    for policy in policies(name):
        if policy["spec"]["podSelector"]:
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "company"])
def test_spark_is_reached_at_its_pods_port_and_ilum_api_is_not(name):
    for policy in policies(name):
        rules = policy["spec"].get("egress") or []
        inside = [rule for rule in rules if "spark-role" in str(rule["to"])]
        assert len(inside) == (1 if rules else 0)
        for rule in inside:
            assert rule["ports"] == tcp(15002)
        assert "'api'" not in str(policy)


def test_spark_outside_the_cluster_is_reached_by_its_addresses_instead():
    for rules in egress('ilum.server.cidrs=["198.51.100.7/32"]', "ilum.server.port=443").values():
        assert {"to": cidrs("198.51.100.7/32"), "ports": tcp(443)} in rules
        assert "spark-role" not in str(rules)


@pytest.mark.parametrize("change", SWITCHES)
def test_a_switch_adds_one_rule_to_the_kinds_it_is_for(change):
    kinds, to, ports = SWITCHES[change]
    before, after = egress(), egress(change)
    assert before.keys() == after.keys() == ALL
    for kind, rules in after.items():
        added = [rule for rule in rules if rule not in before[kind]]
        assert added == ([{"to": to, "ports": ports}] if kind in kinds else []), kind
        assert [rule for rule in rules if rule not in added] == before[kind]


def test_gkes_metadata_server_is_opened_for_blocks_alone_each_address_on_its_own_port():
    before, after = egress(), egress("networkPolicy.gkeWorkloadIdentity=true")
    metadata = [
        {"to": cidrs("169.254.169.254/32"), "ports": tcp(80)},
        {"to": cidrs("169.254.169.252/32"), "ports": tcp(988)},
    ]
    for kind, rules in after.items():
        assert [rule for rule in rules if rule not in before[kind]] == (metadata if kind in MAGE else []), kind


def test_the_cache_of_dns_is_reached_at_its_address_and_in_its_pods():
    """Cilium and GKE's Dataplane V2 lead to the pods before policies are applied."""
    [its_pods] = pods_of("kube-system", **{"k8s-app": "node-local-dns"})
    for rules in egress().values():
        assert {"to": [*cidrs("169.254.20.10/32"), its_pods], "ports": DNS} in rules


def test_scheduler_and_web_server_may_together_what_one_pod_may():
    """The scheduler calls the API server, and nobody calls it; the web server serves the page."""
    one, two = (
        {
            kind_of(policy): policy["spec"]
            for policy in policies(name, *SWITCHES, 'networkPolicy.apiServer.cidrs=["192.0.2.10/32"]')
        }
        for name in ("executor", "split")
    )
    assert two["scheduler"]["egress"] == one["server"]["egress"]
    assert two["web"]["egress"] == [rule for rule in one["server"]["egress"] if "192.0.2.10/32" not in str(rule)]
    assert two["web"]["egress"] == two["worker"]["egress"] == one["worker"]["egress"]
    assert two["scheduler"]["ingress"] == two["worker"]["ingress"] == []
    assert two["web"]["ingress"]


def test_only_what_starts_jobs_may_call_the_api_server():
    reaching = [kind for kind, rules in egress().items() if "192.0.2.10/32" in str(rules)]
    assert reaching == ["server"]
    without = ("executor.enabled=false", "executor.default=false")
    assert "192.0.2.10/32" not in str(egress(*without))


def test_an_api_server_whose_address_moves_is_any_address_but_for_cloud_metadata():
    anywhere = everywhere(v4=["168.63.129.16/32", "169.254.0.0/16"], v6=["fd00:ec2::/32", "fd20:ce::/32", "fe80::/10"])
    found = egress("networkPolicy.apiServer.cidrs=[]", "networkPolicy.apiServer.anyAddress=true")
    assert {"to": anywhere, "ports": tcp(6443)} in found["server"]
    assert "0.0.0.0/0" not in str({kind: rules for kind, rules in found.items() if kind != "server"})


@pytest.mark.parametrize(
    ("name", "change", "labels"),
    [
        ("executor", "mageai.project=p", {"app.kubernetes.io/component": "server"}),
        ("split", "mageai.project=p", {"app.kubernetes.io/component": "scheduler"}),
        ("module", "executor={enabled: true, dedicatedNamespace: true}", {"app.kubernetes.io/name": "mageai"}),
        (
            "module",
            "executor={enabled: true, dedicatedNamespace: true}",
            {"app.kubernetes.io/name": "mageai-scheduler"},
        ),
    ],
)
def test_cilium_knows_the_api_server_by_its_entity(name, change, labels):
    cilium = (
        "networkPolicy.apiServer.cidrs=[]",
        "networkPolicy.apiServer.cilium=true",
        "networkPolicy.apiServer.ports=[443]",
    )
    [policy] = of_kind(rendered(name, *cilium, change, namespace="mage"), "CiliumNetworkPolicy")
    assert policy["apiVersion"] == "cilium.io/v2"
    release = {"app.kubernetes.io/name": "mage-ilum", "app.kubernetes.io/instance": "mage"}
    assert selects(policy["spec"]["endpointSelector"], release | labels)
    ports = [{"ports": [{"protocol": "TCP", "port": "443"}]}]
    assert policy["spec"]["egress"] == [{"toEntities": ["kube-apiserver"], "toPorts": ports}]
    assert not of_kind(rendered(name), "CiliumNetworkPolicy")


def test_what_the_internet_excepts_is_split_by_family():
    found = egress(
        "networkPolicy.internet.enabled=true", 'networkPolicy.internet.except=["10.0.0.0/8", "2001:db8::/32"]'
    )
    blocks = everywhere(v4=["10.0.0.0/8"], v6=["fc00::/7", "fe80::/10", "2001:db8::/32"])
    assert {"to": blocks, "ports": tcp(443)} in found["worker"]
    nothing = egress("networkPolicy.internet.enabled=true", "networkPolicy.internet.except=[]")
    assert cidrs("0.0.0.0/0") == next(rule["to"][:1] for rule in nothing["worker"] if "0.0.0.0/0" in str(rule))


@pytest.mark.parametrize(
    ("change", "callers"),
    [
        ("networkPolicy.ingress.ilumUI=true", pods_of("ilum", app="ilum-ui")),
        ('networkPolicy.ingress.controller={"namespace": "in", "podSelector": {"app": "x"}}', pods_of("in", app="x")),
        (
            'networkPolicy.ingress.controller={"namespace": "traefik"}',
            [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}],
        ),
        ('networkPolicy.ingress.cidrs=["192.0.2.0/24"]', cidrs("192.0.2.0/24")),
        (f"networkPolicy.ingress.from={PEERS}", THERE),
    ],
)  # fmt: skip
def test_a_caller_that_is_named_may_call_the_page_and_nothing_else(change, callers):
    nobody = "networkPolicy.ingress.ilumUI=false"
    for policy in policies("executor", nobody):
        assert not policy["spec"].get("ingress")
    for policy in policies("executor", nobody, change):
        expected = [{"from": callers, "ports": tcp(6789)}] if kind_of(policy) == "server" else []
        assert policy["spec"].get("ingress", []) == expected


def test_the_policy_on_sparks_side_lets_in_this_releases_pods_alone():
    create = ("ilum.server.ingressPolicy.create=true", "ilum.server.namespace=spark-jobs")
    host = "ilum.server.host=spark-connect.spark-jobs.svc"
    policy = named(rendered("executor", *create, host, *BASE), "NetworkPolicy", "mage-from-mage")
    assert policy["metadata"]["namespace"] == "spark-jobs"
    spec = policy["spec"]
    assert spec["podSelector"] == {"matchLabels": {"spark-role": "driver"}}
    assert spec["policyTypes"] == ["Ingress"]
    [rule] = spec["ingress"]
    assert rule["ports"] == tcp(15002)
    here = {"matchLabels": {"kubernetes.io/metadata.name": "mage"}}
    assert all(peer["namespaceSelector"] == here for peer in rule["from"])

    def let_in(labels):
        return any(selects(peer["podSelector"], labels) for peer in rule["from"])

    for kind, labels, _ in pods(rendered("executor", *BASE)):
        assert let_in(labels), kind
    assert let_in({"batch.kubernetes.io/job-name": "mage-data-prep-1"}), "a worker without our labels"
    assert not let_in({"app.kubernetes.io/name": "other"})
    assert not let_in({"app.kubernetes.io/name": "mage-ilum", "app.kubernetes.io/instance": "other"})


def test_the_policy_on_sparks_side_lets_in_mage_of_ilums_own_module():
    found = rendered("module", "ilum.server.ingressPolicy.create=true", "networkPolicy.enabled=false")
    [policy] = of_kind(found, "NetworkPolicy")
    selectors = [peer["podSelector"] for peer in policy["spec"]["ingress"][0]["from"]]
    for name in MODULE:
        assert any(selects(selector, {"app.kubernetes.io/name": name}) for selector in selectors)


@pytest.mark.parametrize(("name", "kind"), MODULE.items())
def test_each_pod_of_ilums_own_module_is_selected_by_one_policy(name, kind):
    found = [policy for policy in policies("module") if policy["spec"].get("egress")]
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "ilum"}
    assert [kind_of(policy) for policy in found if selects(policy["spec"]["podSelector"], labels)] == [kind]


def test_helm_test_and_the_drift_check_reach_dns_and_spark_alone():
    found = egress(*SWITCHES)
    for kind in ("test", "drift-check"):
        assert {port["port"] for rule in found[kind] for port in rule["ports"]} == {53, 5353, 15002}


def test_other_peoples_jobs_are_isolated_only_in_mages_own_namespace():
    assert "mage-worker" not in str(policies("module"))
    assert "mage-worker" in str(policies("module", DEDICATED, namespace="mage"))


def test_policies_can_be_left_to_somebody_else():
    assert policies("minimal", "networkPolicy.enabled=false") == []
    off = rendered(
        "executor", "networkPolicy.enabled=false", "networkPolicy.apiServer.cilium=true", "driftCheck.enabled=true"
    )
    assert not of_kind(off, "NetworkPolicy") + of_kind(off, "CiliumNetworkPolicy")


def test_every_switch_has_a_row_in_the_docs():
    rows = {line.split("`")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")}
    switches = yaml.safe_load((assets.chart() / "values.yaml").read_text(encoding="utf-8"))["networkPolicy"]
    groups = ("dns", "apiServer", "ingress")
    keys = {f"networkPolicy.{key}" for key in switches if key not in groups}
    keys |= {f"networkPolicy.{group}.{key}" for group in groups for key in switches[group]}
    assert keys - rows == {"networkPolicy.apiServer.ports"}
    assert {row for row in rows - keys if row.startswith("networkPolicy")} == set()
