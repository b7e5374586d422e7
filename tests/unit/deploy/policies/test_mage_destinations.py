"""The columns of Mage's table: what pods' environment names, what rules open, and what stands for the unseen."""

import pytest
import yaml
from tests.unit.deploy.policies.writing import network, pod, policy, service

from deploykit.deploy.policies import Network, Pod, load, mage_kinds, named_by, read_yaml
from deploykit.deploy.policies.allowed import Allowed, allowed

LABELS = "{app.kubernetes.io/name: mage-ilum, app.kubernetes.io/instance: mage, app.kubernetes.io/component: server}"
SERVER = yaml.safe_load(LABELS)
TO_DNS = (
    "{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], "
    "ports: [{port: 53, protocol: UDP}]}"
)


def mage(**environment):
    container = {"name": "mage", "env": [{"name": name, "value": value} for name, value in environment.items()]}
    metadata = {"name": "mage", "namespace": "mage"}
    template = {"metadata": {"labels": SERVER}, "spec": {"containers": [container]}}
    return yaml.safe_dump({"kind": "Deployment", "metadata": metadata, "spec": {"template": template}})


def egress(*rules):
    every = ", ".join((TO_DNS, *rules))
    return policy(f"{{podSelector: {{matchLabels: {LABELS}}}, policyTypes: [Egress], egress: [{every}]}}")


def to(namespace, port, pods="{}"):
    where = f"namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}"
    return f"{{to: [{{{where}, podSelector: {pods}}}], ports: [{{port: {port}}}]}}"


def planned(*documents: str) -> Allowed:
    """Manifests alone: no pod that Spark or a database starts is in them."""
    return allowed(load(read_yaml("---\n".join(documents)), seen=frozenset()), namespace="mage")


def columns(found: Allowed) -> dict[str, tuple[bool, bool]]:
    """Whether each was assumed, and whether the server may go there; DNS left out."""
    row = found.table["server"]
    return {
        one.name: (one.assumed, row[one.name].allowed)
        for one in found.destinations.columns
        if not one.name.startswith("DNS")
    }


DRIVER = to("ilum", 15002, "{matchLabels: {spark-role: driver}}")
URL = {"ILUM_SPARK_CONNECT_URL": "sc://connect.ilum.svc:443"}


def test_a_service_that_nobody_has_seen_is_what_the_rule_for_its_port_names():
    found = planned(mage(**URL), egress(DRIVER))
    assert columns(found) == {"Spark connect.ilum.svc:443": (True, True)}
    assert found.missing == ()
    assert found.destinations.unjudged == ()


def test_a_rule_for_another_namespace_than_the_addresss_is_found_before_the_installation():
    found = planned(mage(**URL), egress(to("spark-jobs", 15002, "{matchLabels: {spark-role: driver}}")))
    assert columns(found)["Spark connect.ilum.svc:443"] == (True, False)
    [(kind, answer)] = found.missing
    assert (kind, answer.target.namespace) == ("server", "ilum")
    assert [one["metadata"]["namespace"] for one in found.patches] == ["mage"]


def test_what_a_destination_is_does_not_hang_on_how_it_is_shown():
    cache = pod("dns", "kube-system", k8s_app="node-local-dns")
    found = planned(mage(**URL), cache, egress(DRIVER))
    assert [(one.name, one.what) for one in found.destinations.columns] == [
        ("NodeLocal DNSCache UDP", "DNS"),
        ("Spark connect.ilum.svc:443", "Spark"),
    ]
    assert {str(answer.target) for _, answer in found.missing} == {"169.254.20.10"}


def test_a_service_of_the_manifests_stands_for_the_pods_that_it_will_select():
    connect = service("connect", "ilum", "{selector: {spark-role: driver}, ports: [{port: 443, targetPort: 15002}]}")
    assert columns(planned(mage(**URL), connect, egress(DRIVER))) == {"Spark connect.ilum.svc:443": (True, True)}
    wrong = to("ilum", 443, "{matchLabels: {spark-role: driver}}")
    assert not columns(planned(mage(**URL), connect, egress(wrong)))["Spark connect.ilum.svc:443"][1]


def test_pods_that_are_there_are_asked_about_themselves():
    database = pod("db-0", "postgres", ip="10.0.0.9", app="postgres")
    behind = service("db", "postgres", "{selector: {app: postgres}, clusterIP: 10.96.0.7, ports: [{port: 5432}]}")
    url = "postgresql+psycopg2://mage:secret@db.postgres.svc:5432/mage"
    found = planned(mage(MAGE_DATABASE_CONNECTION_URL=url), database, behind, egress(to("postgres", 5432)))
    assert columns(found) == {"database db.postgres.svc:5432": (False, True)}
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://cache.redis", "cache.redis:6379"),
        ("rediss://:p@cache.redis.svc:6380/0", "cache.redis.svc:6380"),
        ("redis://10.0.0.7", "10.0.0.7:6379"),
        ("sqlite:////tmp/x", None),
        ("redis://[half", None),
        ("cache:port", None),
        ("", None),
    ],
)
def test_an_address_is_read_from_the_environment(url, place):
    kinds = mage_kinds(network(mage(REDIS_URL=url)), "mage")
    named = named_by(kinds)
    assert {what: str(wanted) for what, wanted in named.items()} == ({} if place is None else {"Redis": place})


def test_what_rules_open_besides_has_a_column_each_and_is_never_doubled():
    rules = [
        DRIVER,
        to("postgres", 5432),
        "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [0.0.0.0/8, 10.0.0.0/8]}}], ports: [{port: 443}]}",
        "{to: [{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}]}",
        "{ports: [{port: 9, protocol: UDP}]}",
    ]
    assert columns(planned(mage(**URL), egress(*rules))) == {
        "Spark connect.ilum.svc:443": (True, True),
        "all pods of postgres, TCP 5432": (True, True),
        "0.0.0.0/0 except 2 ranges, TCP 443": (True, True),
        "pods with app of mage, TCP all ports": (True, True),
        "every address, UDP 9": (True, True),
    }


def test_an_address_in_a_secret_and_a_name_outside_are_said_to_be_unjudged():
    assert planned(mage(), egress()).destinations.unjudged == (
        "Spark: its address is in a Secret, or in no pod's environment.",
    )
    outside = planned(mage(ILUM_SPARK_CONNECT_URL="sc://spark.example.com:443"), egress())
    assert outside.destinations.unjudged == (
        "Spark: spark.example.com:443 is outside the cluster. Policies see its address, which is not known.",
    )


def test_a_service_that_a_live_namespace_does_not_have_is_no_matter_of_policies():
    live = load(read_yaml("---\n".join((mage(**URL), egress(DRIVER)))), seen=frozenset({"mage", "ilum"}))
    found = allowed(live, namespace="mage")
    assert found.destinations.unjudged == ("Spark: there is no Service connect in namespace ilum.",)


def test_openshifts_dns_stands_for_the_clusters_where_a_rule_names_it():
    pods = "{matchLabels: {dns.operator.openshift.io/daemonset-dns: default}}"
    rule = to("openshift-dns", "5353, protocol: UDP", pods)
    only = policy(f"{{podSelector: {{matchLabels: {LABELS}}}, policyTypes: [Egress], egress: [{rule}]}}")
    found = planned(mage(), only)
    assert [one.name for one in found.destinations.columns] == ["DNS openshift-dns/dns-default UDP"]
    assert found.missing == ()


def test_kinds_that_only_policies_name_are_kinds_too():
    """As beside Ilum's own module, whose pods its chart makes."""
    module = policy("{podSelector: {matchLabels: {app.kubernetes.io/name: mageai}}}", "server")
    scheduler = policy("{podSelector: {matchLabels: {app.kubernetes.io/name: mageai-scheduler}}}", "scheduler")
    jobs = policy("{podSelector: {matchExpressions: [{key: batch.kubernetes.io/job-name, operator: Exists}]}}", "job")
    other = policy("{podSelector: {matchLabels: {app: other}}}", "other")
    assert list(mage_kinds(network(module, scheduler, jobs, other), "mage")) == [
        "server", "scheduler", "unlabelled-worker",
    ]  # fmt: skip
    told = network(mage(K8S_CONFIG_FILE="/etc/mage-ilum/executor.yaml"))
    assert list(mage_kinds(told, "mage")) == ["server", "unlabelled-worker"]
    assert mage_kinds(network(jobs), "elsewhere") == {}


def test_a_network_that_holds_passwords_does_not_show_them():
    found: Network = network(mage(X="s3cret"))
    assert isinstance(found.pods[0], Pod)
    assert found.pods[0].environment == {"X": "s3cret"}
    assert "s3cret" not in repr(found)
