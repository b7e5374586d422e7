"""Values that cannot work are refused before anything is installed, with a sentence that names the key.

Helm 4 writes a key as `/mageai/image/tag`, Helm 3 as `mageai.image.tag`.
"""

import re
import subprocess

import pytest
from tests.chart.rendering import example, refusal

from deploykit import assets
from deploykit.deploy import chart
from deploykit.errors import UsageError

pytestmark = pytest.mark.usefixtures("needs_helm")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("mageai.image.repository=", "mageai.image.repository is empty"),
        ("mageai.image.tag=", "mageai.image.tag and mageai.image.digest are empty"),
        ("mageai.image.tag=latest", "mageai.image.tag is `latest`"),
        ("ilum.server.host=", "ilum.server.host is empty"),
        ("ilum.service.create=true", "ilum.service.selector is empty"),
        ("executor.enabled=true", "executor.dedicatedNamespace=true"),
        ("mageai.extraEnvs[0].name=SPARK_REMOTE", "mageai.extraEnvs sets SPARK_REMOTE"),
        ("mageai.database.existingSecret=pg", "networkPolicy.database.to is empty"),
        ("ilum.server.namespace=other", "Service of another namespace"),
    ],
)
def test_what_could_not_work_is_refused_with_the_key_to_set(setting, words):
    assert words in refusal(setting)


def test_a_service_that_would_lead_to_executors_too_is_refused():
    said = refusal("ilum.service.create=true", "ilum.service.selector.spark-app-name=connect")
    assert "Add `spark-role: driver`" in said


def test_the_executor_needs_a_way_to_the_api_server():
    said = refusal("executor.enabled=true", "executor.dedicatedNamespace=true")
    assert "networkPolicy.apiServer.cidrs is empty" in said
    assert "deploykit values --executor" in said


def test_the_executor_needs_a_volume_that_its_pods_share():
    assert "mageai.persistence.enabled=true" in refusal("mageai.persistence.enabled=false", values="executor")


def test_an_address_in_a_secret_says_beside_it_where_it_leads():
    hidden = "ilum: {server: {existingSecret: spark, host: %s}}"
    minimal = example("minimal").split("ilum:")[0]
    with pytest.raises(UsageError) as raised:
        chart.network_policies(minimal + hidden % "''")
    assert "ilum.server.namespace" in raised.value.why
    assert "ilum.server.cidrs" in raised.value.why
    for stated in ("'', namespace: ilum", "'', cidrs: [192.0.2.1/32]", "spark.ilum.svc"):
        assert chart.network_policies(minimal + hidden % stated)


def test_a_rendering_that_is_applied_without_a_cluster_needs_a_secret_of_its_own():
    """Two renderings would give two JWT_SECRETs."""
    said = refusal()
    assert "mageai.existingSecret" in said
    assert "mageai.generateSecretWithoutCluster" in said


def test_a_rendering_without_a_cluster_takes_an_existing_secret():
    command = ["helm", "template", "mage", assets.chart(), "--values", "-", "--set", "mageai.existingSecret=own"]
    done = [
        subprocess.run(command, input=example("minimal"), capture_output=True, text=True, timeout=60, check=True).stdout
        for _ in range(2)
    ]
    assert done[0] == done[1]
    assert "kind: Secret" not in done[0]


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("mageai.imgae.tag=x", "imgae"),
        ("mageai.image.tags=x", "tags"),
        ("mageai.resource.limits.cpu=1", "resource"),
        ("mageai.persistance.size=1Gi", "persistance"),
        ("ilum.server.adress=x", "adress"),
        ("ilum.services.create=true", "services"),
        ("executer.enabled=true", "executer"),
        ("networkPolicy.dns.kubedns=true", "kubedns"),
        ("networkPolicy.ingress.ilumUi=true", "ilumUi"),
        ("replicaCount=2", "replicaCount"),
        ("mageai.enable=true", "enable"),
        ("ilum.server.caSecret.file=x", "file"),
    ],
)
def test_a_misspelt_key_is_named(setting, key):
    said = refusal(setting)
    assert "schema" in said
    assert re.search(rf"{key}'? (is )?not allowed", said), said


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("ilum.server.port=70000", "/ilum/server/port"),
        ("ilum.server.host=sc://x", "/ilum/server/host"),
        ("mageai.image.digest=sha256:12", "/mageai/image/digest"),
        ("mageai.image.pullPolicy=Sometimes", "/mageai/image/pullPolicy"),
        ("mageai.project=../x", "/mageai/project"),
        ("mageai.basePath=/mage/", "/mageai/basePath"),
        ("mageai.startupSeconds=1", "/mageai/startupSeconds"),
        ("networkPolicy.extraEgress[0].ports[0].port=443", "/networkPolicy/extraEgress/0"),
        ("ilum.server.podSelector=", "/ilum/server/podSelector"),
        ("ilum.server.cidrs[0]=10.0.0.1", "/ilum/server/cidrs/0"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_where_it_stands(setting, path):
    said = refusal(setting)
    assert path in said or path.lstrip("/").replace("/", ".") in said, said


@pytest.mark.parametrize("rule", ["{to: []}", "{to: [{}]}"])
def test_an_extra_rule_never_means_everywhere_by_mistake(rule):
    with pytest.raises(UsageError) as raised:
        chart.network_policies(example("minimal") + f"\nnetworkPolicy: {{extraEgress: [{rule}]}}\n")
    assert "extraEgress" in raised.value.why


def test_a_refusal_reaches_the_user_as_a_usage_error():
    with pytest.raises(UsageError) as raised:
        chart.network_policies("mageai: {imgae: {}}")
    assert "imgae" in raised.value.why
