"""What `helm install` says at its end: what was installed, what is not safe yet, what to type next."""

import re

import pytest
from tests.chart.rendering import notes

pytestmark = pytest.mark.usefixtures("needs_helm")

HEAD = "Not safe, or not open, yet:"


@pytest.fixture
def said(tmp_path):
    return lambda name, *changes: notes(name, *changes, folder=tmp_path)


def test_the_next_commands_are_there(said):
    text = said("minimal")
    for command in ("deploykit open --namespace team", "helm test mage -n team --logs", "mage run default_repo"):
        assert command in text
    assert "http://127.0.0.1:9777" in text
    assert "//localhost" not in text


def test_a_company_installation_has_nothing_left_to_say(said):
    text = said("split")
    assert HEAD not in text
    assert "a scheduler (2) and a web server (2), with scheduled blocks as Jobs" in text
    assert "https://mage.example.com/mage" in text
    assert "exec deploy/mage-scheduler" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((), "The owner's password is the generated one"),
        ((), "mageai.generateSecretWithoutCluster is true"),
        ((), "mageai.database.existingSecret is empty"),
        (("ilum.server.host=spark.corp.example",), "ilum.server.host is no name of a Service"),
        (("networkPolicy.enabled=false",), "networkPolicy.enabled is false"),
        (("mageai.requireUserAuthentication=false",), "mageai.requireUserAuthentication is false"),
        (("mageai.persistence.enabled=false",), "mageai.persistence.enabled is false"),
        (("mageai.metrics.enabled=true",), "networkPolicy.ingress.from is empty"),
        (("mageai.service.type=LoadBalancer",), "networkPolicy.ingress lets no ingress controller"),
        (("mageai.ingress={enabled: true, hosts: [mage.example]}",), "mageai.ingress.tls is empty"),
        (("mageai.httpRoute={enabled: true, parentRefs: [{name: g}]}",), "networkPolicy.ingress lets no ingress"),
        (
            ("mageai.service.type=LoadBalancer", "networkPolicy.ingress.cidrs=[198.51.100.0/24]"),
            "mageai.service.externalTrafficPolicy is not Local",
        ),
    ],
)
def test_what_is_not_safe_yet_is_said_with_its_key(said, changes, words):
    warnings = said("minimal", *changes).partition(HEAD)[2].partition("\n\nOpen the page")[0]
    assert re.search(rf"^  - .*{re.escape(words)}", warnings, re.MULTILINE), warnings


def test_a_database_that_is_named_by_a_variable_is_no_sqlite(said):
    source = "{secretKeyRef: {name: pg, key: uri}}"
    own = f"mageai.extraEnvs=[{{name: MAGE_DATABASE_CONNECTION_URL, valueFrom: {source}}}]"
    assert "SQLite" not in said("minimal", own)


def test_the_password_is_read_under_the_key_that_it_has(said):
    assert 'index .data "DEFAULT_OWNER_PASSWORD"' in said("minimal")
    assert 'index .data "pw"' in said("split", "mageai.existingSecretKeys={jwtSecret: a, ownerPassword: pw}")


def test_an_address_that_leads_out_of_the_cluster_is_said_until_a_rule_of_ones_own_may_lead_there(said):
    outside = ("ilum.sql.url=hive://sql.corp.example:10009", "ilum.livy.url=http://192.0.2.7:8998")
    for key in ("ilum.sql.url", "ilum.livy.url"):
        assert f"{key} is no name of a Service" in said("ilum-services", *outside)
    assert "ilum.core.url" not in said("ilum-services", *outside)
    own = "networkPolicy.extraEgress=[{to: [{ipBlock: {cidr: 192.0.2.7/32}}]}]"
    assert "no name of a Service" not in said("ilum-services", *outside, own)


def test_jobs_that_no_policy_selects_are_said(said):
    assert "networkPolicy.defaultDenyEgress is false" in said("executor", "networkPolicy.defaultDenyEgress=false")


def test_beside_ilums_module_there_is_no_page_to_open(said):
    text = said("module")
    assert text.startswith("Installed beside Ilum's own Mage module, in namespace team: NetworkPolicies and helm test.")
    assert "deploykit open" not in text
    assert "helm test mage" in text
