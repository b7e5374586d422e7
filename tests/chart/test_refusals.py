"""Values that cannot work are refused before anything is installed, with a sentence that names the key."""

import pytest
from tests.chart.rendering import refusal

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
        ("mageai.database.existingSecret=pg", "networkPolicy.database.to is empty"),
    ],
)
def test_what_could_not_work_is_refused_with_the_key_to_set(setting, words):
    assert words in refusal(setting)


def test_the_executor_needs_a_way_to_the_api_server():
    said = refusal("executor.enabled=true", "executor.dedicatedNamespace=true")
    assert "networkPolicy.apiServer.cidrs is empty" in said
    assert "deploykit values --executor" in said


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
    ],
)
def test_a_misspelt_key_is_named(setting, key):
    said = refusal(setting)
    assert "schema" in said
    assert f"'{key}' not allowed" in said


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("ilum.server.port=70000", "/ilum/server/port"),
        ("ilum.server.host=sc://x", "/ilum/server/host"),
        ("mageai.image.digest=sha256:12", "/mageai/image/digest"),
        ("mageai.image.pullPolicy=Sometimes", "/mageai/image/pullPolicy"),
        ("mageai.project=../x", "/mageai/project"),
        ("mageai.basePath=/mage/", "/mageai/basePath"),
        ("mageai.extraEnvs[0].name=SPARK_REMOTE", "/mageai/extraEnvs/0/name"),
        ("ilum.server.podSelector=", "/ilum/server/podSelector"),
        ("ilum.server.cidrs[0]=10.0.0.1", "/ilum/server/cidrs/0"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_where_it_stands(setting, path):
    assert f"'{path}'" in refusal(setting)


def test_a_refusal_reaches_the_user_as_a_usage_error():
    with pytest.raises(UsageError) as raised:
        chart.network_policies("mageai: {imgae: {}}")
    assert "imgae" in raised.value.why
