"""Values whose policies would cut Mage off, or open what has to stay closed, are refused with the key that does it.

What depends on the cluster is tried there, in tests/cluster/test_network_policies.py.
"""

import pytest
from tests.chart.rendering import values

from deploykit.deploy import chart
from deploykit.errors import UsageError

pytestmark = pytest.mark.usefixtures("needs_helm")

ILUM = '"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ilum"}}'
SHOP = '"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}'
TEAM = '"namespaceSelector": {"matchLabels": {"team": "data"}}'
API = '"podSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}}'
PRIVATE = '["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/15"]'
OF_ILUM = '"podSelector": {"matchLabels": {"app.kubernetes.io/instance": "ilum"}}'


def refused(*changes, name="minimal", namespace="mage"):
    with pytest.raises(UsageError) as raised:
        chart.network_policies(values(name, *changes), namespace=namespace)
    return raised.value.why


def extra(peer, ports=""):
    return f'networkPolicy.extraEgress=[{{"to": [{{{peer}}}]{ports}}}]'


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ([extra(f"{ILUM}, {API}")], "networkPolicy.extraEgress[0]"),
        ([extra(f"{TEAM}, {API}")], "networkPolicy.extraEgress[0]"),
        ([extra(ILUM)], "networkPolicy.extraEgress[0]"),
        ([extra('"namespaceSelector": {}')], "networkPolicy.extraEgress[0]"),
        ([extra(f"{ILUM}, {OF_ILUM}")], "networkPolicy.extraEgress[0]"),
        ([extra(ILUM, ', "ports": [{"port": 8080}]')], "networkPolicy.extraEgress[0]"),
        ([extra(ILUM, ', "ports": [{"port": 8000, "endPort": 9000}]')], "networkPolicy.extraEgress[0]"),
        ([extra(ILUM, ', "ports": [{"port": "http"}]')], "networkPolicy.extraEgress[0]"),
        ([extra(ILUM, ', "ports": [{"port": 443}, {"protocol": "TCP"}]')], "networkPolicy.extraEgress[0]"),
        ([extra('"ipBlock": {"cidr": "0.0.0.0/0"}')], "networkPolicy.extraEgress[0]"),
        ([f"networkPolicy.database.to=[{{{ILUM}}}]", "networkPolicy.database.port=8080"], "networkPolicy.database.to"),
        ([f"networkPolicy.redis.to=[{{{ILUM}}}]", "networkPolicy.redis.port=8080"], "networkPolicy.redis.to"),
        (
            [f"networkPolicy.objectStore.to=[{{{ILUM}}}]", "networkPolicy.objectStore.port=8080"],
            "networkPolicy.objectStore.to",
        ),
        (
            [
                "ilum.core.enabled=true",
                "ilum.core.podPort=8080",
                'ilum.core.podSelector={"app": null, "app.kubernetes.io/name": "api"}',
            ],
            "ilum.core.podSelector",
        ),
        (
            [
                "networkPolicy.internet.enabled=true",
                "networkPolicy.internet.except=[]",
                "networkPolicy.internet.ports=[443, 8080]",
            ],
            "networkPolicy.internet",
        ),
        (
            ["networkPolicy.apiServer.anyAddress=true", "networkPolicy.apiServer.ports=[6443, 8080]"],
            "networkPolicy.apiServer.anyAddress",
        ),
        ([extra('"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}')], "networkPolicy.extraEgress[0]"),
        ([extra('"ipBlock": {"cidr": "0.0.0.0/1"}')], "networkPolicy.extraEgress[0]"),
        ([extra('"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}')], "networkPolicy.extraEgress[0]"),
        ([extra('"ipBlock": {"cidr": "10.0.0.0/8"}')], "networkPolicy.extraEgress[0]"),
        (
            [extra('"ipBlock": {"cidr": "10.244.0.0/16"}', ', "ports": [{"port": 8080}]')],
            "networkPolicy.extraEgress[0]",
        ),
        ([extra('"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9"]}')], "networkPolicy.extraEgress[0]"),
        ([extra('"ipBlock": {"cidr": "fd00:10:244::/56"}')], "networkPolicy.extraEgress[0]"),
        ([extra('"ipBlock": {"cidr": "::/0", "except": ["fe80::/10"]}')], "networkPolicy.extraEgress[0]"),
        (
            [
                "networkPolicy.internet.enabled=true",
                "networkPolicy.internet.except=[168.63.129.16/32, 169.254.0.0/16]",
                "networkPolicy.internet.ports=[443, 8080]",
            ],
            "networkPolicy.internet",
        ),
        (
            [
                "ilum.server.podPort=8080",
                'ilum.server.podSelector={"spark-role": null, "app.kubernetes.io/name": "api"}',
            ],
            "ilum.server.podSelector",
        ),
        (['ilum.server.cidrs=["0.0.0.0/0"]', "ilum.server.port=8080"], "ilum.server.cidrs"),
        (
            ['networkPolicy.apiServer.cidrs=["0.0.0.0/0"]', "networkPolicy.apiServer.ports=[8080]"],
            "networkPolicy.apiServer.cidrs",
        ),
    ],
)
def test_nothing_opens_ilum_api(changes, key):
    assert refused(*changes).splitlines()[-1].startswith(f"{key} opens ilum-api")


@pytest.mark.parametrize(
    "changes",
    [
        [extra(f"{SHOP}, {API}")],
        [extra(SHOP)],
        [extra(TEAM)],
        [extra(ILUM, ', "ports": [{"port": 9888}]')],
        [extra(ILUM, ', "ports": [{"port": 8080, "protocol": "UDP"}]')],
        [extra(f'{ILUM}, "podSelector": {{"matchLabels": {{"app": "ilum-core"}}}}')],
        [extra(f'"ipBlock": {{"cidr": "0.0.0.0/0", "except": {PRIVATE}}}')],
        [extra('"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}')],
        [extra('"ipBlock": {"cidr": "10.0.0.0/8"}', ', "ports": [{"port": 5432}]')],
        [extra('"ipBlock": {"cidr": "10.20.30.0/24"}', ', "ports": [{"port": 8080}]')],
        [extra('"ipBlock": {"cidr": "198.51.0.0/16"}')],
        [extra('"podSelector": {}')],
        [f"networkPolicy.database.to=[{{{ILUM}}}]"],
        ["networkPolicy.internet.enabled=true", "networkPolicy.internet.ports=[443, 8080]"],
        ["networkPolicy.enabled=false", extra(ILUM)],
    ],
)
def test_what_leads_elsewhere_is_accepted(changes):
    chart.network_policies(values("minimal", *changes))


def test_beside_ilum_its_own_namespace_is_the_releases():
    assert "opens ilum-api" in refused(extra('"podSelector": {}'), name="module", namespace="ilum")


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("executor", ["networkPolicy.apiServer.cidrs=[]"], "networkPolicy.apiServer.cidrs is empty"),
        ("executor", ["networkPolicy.apiServer.anyAddress=true"], "networkPolicy.apiServer.anyAddress exclude each"),
        ("executor", ["networkPolicy.database.to=[]"], "networkPolicy.database.to is empty"),
        (
            "module",
            ["networkPolicy.database.to=[]"],
            "networkPolicy.database.to is empty: Ilum gives the Mage of its own",
        ),
        (
            "module",
            ["networkPolicy.database.none=true"],
            "database.none and networkPolicy.database.to exclude each other",
        ),
        (
            "executor",
            ["networkPolicy.database={none: true}"],
            "networkPolicy.database.none and mageai.database.existingSecret exclude each other",
        ),
        ("split", ["networkPolicy.redis.to=[]"], "networkPolicy.redis.to is empty"),
        ("minimal", ["ilum.server.host=192.0.2.7"], "set ilum.server.cidrs"),
        ("minimal", ["ilum.server.namespace=other"], "ilum.server.host is a Service of another namespace"),
        ("ilum-services", ["ilum.sql.namespace=other"], "ilum.sql.url is a Service of another namespace"),
        ("ilum-services", ["ilum.livy.url=http://livy.other.svc:8998"], "ilum.livy.url is a Service of another"),
        ("ilum-services", ["ilum.core.url=http://core.other.svc/api/v1"], "ilum.core.url is a Service of another"),
        ("minimal", ["ilum.server.host=spark-connect.spark-jobs"], "ilum.server.namespace to the Service's, spark-"),
        ("minimal", ["ilum.server.host=spark-connect"], "set ilum.server.namespace to the Service's, mage"),
        ("ilum-services", ["ilum.livy.url=http://livy.other:8998"], "set ilum.livy.namespace to the Service's, other"),
        ("ilum-services", ["ilum.sql.url=hive://me@sql:10009"], "A host that is none wants networkPolicy.extraEgress"),
        (
            "company",
            ["ilum.server.ingressPolicy.create=true"],
            "ilum.server.ingressPolicy.create and ilum.server.cidrs exclude each other",
        ),
    ],
)
def test_what_mage_uses_has_to_be_reachable(name, changes, words):
    assert words in refused(*changes, name=name)


def test_beside_ilums_module_sqlite_is_said():
    database = 'networkPolicy.database={"none": true}'
    assert "5432" not in chart.network_policies(values("module", database), namespace="ilum")


@pytest.mark.parametrize(
    "changes",
    [
        ["ilum.server.host=spark-connect.ilum"],
        ["ilum.server.host=spark-connect", "ilum.server.namespace=mage"],
        ["ilum.server.host=spark.corp", "ilum.server.cidrs=[192.0.2.7/32]"],
        ["ilum.sql.url=hive://sql.corp:10009", extra('"ipBlock": {"cidr": "192.0.2.7/32"}')],
        ["ilum.sql.url=hive://192.0.2.7:10009"],
        ["ilum.livy.url=http://[2001:db8::7]:8998"],
    ],
)
def test_what_may_be_reachable_is_accepted(changes):
    chart.network_policies(values("ilum-services", *changes), namespace="mage")


@pytest.mark.parametrize(
    ("name", "key"),
    [("minimal", "networkPolicy.defaultDenyEgress"), ("module", "executor.dedicatedNamespace")],
)
def test_a_policy_for_a_whole_namespace_is_not_for_ilums(name, key):
    assert key in refused(f"{key}=true", name=name, namespace="ilum")
