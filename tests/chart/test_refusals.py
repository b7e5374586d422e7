"""Values that cannot work are refused before anything is installed, with a sentence that names the key.

Helm 4 writes a key as `/mageai/image/tag`, Helm 3 as `mageai.image.tag`.
"""

import re
import shutil
import subprocess

import pytest
from tests.chart.rendering import example, refusal, rendered, values

from deploykit import assets
from deploykit.deploy import chart
from deploykit.errors import UsageError
from deploykit.image_reference import MOVING, ImageReference
from mage_ilum.http.settings import secret_values

pytestmark = pytest.mark.usefixtures("needs_helm")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("mageai.image.repository=", "mageai.image.repository is empty"),
        ("mageai.image.tag=", "mageai.image.tag and mageai.image.digest are empty"),
        ("ilum.server.host=", "ilum.server.host is empty"),
        ("ilum.service.create=true", "ilum.service.selector is empty"),
        ("ilum.server.namespace=other", "Service of another namespace"),
        ("ilum.sql.existingSecret=sql", "ilum.sql.existingSecret is set, but ilum.sql.enabled is false"),
        ("ilum.livy.url=http://livy:8998", "ilum.livy.url is set, but ilum.livy.enabled is false"),
        ("ilum.core.url=http://core:9888", "Set ilum.core.enabled=true"),
        ("executor.enabled=true", "executor.dedicatedNamespace=true"),
        ("mageai.database.existingSecret=pg", "networkPolicy.database.to is empty"),
        ("mageai.scheduler.replicaCount=2", "mageai.scheduler.replicaCount is more than 1"),
        ("mageai.webServer.replicaCount=2", "set mageai.standaloneScheduler=true"),
        ("mageai.standaloneScheduler=true", "needs mageai.database.existingSecret"),
        ("mageai.ingress.enabled=true", "mageai.ingress.hosts is empty"),
        ("mageai.httpRoute.enabled=true", "mageai.httpRoute.parentRefs is empty"),
        ("mageai.service.externalTrafficPolicy=Local", "set that to LoadBalancer or NodePort, or leave"),
        ("mageai.service.nodePort=30080", "mageai.service.nodePort means nothing with mageai.service.type=ClusterIP"),
        ("mageai.service.loadBalancerClass=x", "mageai.service.loadBalancerClass means nothing"),
        ("mageai.metrics.serviceMonitor.enabled=true", "needs mageai.metrics.enabled=true"),
        ("mageai.serviceAccount.create=false", "mageai.serviceAccount.create=false needs mageai.serviceAccount.name"),
    ],
)
def test_what_could_not_work_is_refused_with_the_key_to_set(setting, words):
    assert words in refusal(setting)


@pytest.mark.parametrize(
    ("values", "setting", "words"),
    [
        ("executor", "mageai.persistence.enabled=false", "executor.enabled needs mageai.persistence.enabled=true"),
        ("executor", "mageai.database.existingSecret=", "executor.enabled needs mageai.database.existingSecret"),
        ("executor", "mageai.persistence.accessModes={ReadWriteOncePod}", "accessModes holds ReadWriteOncePod"),
        ("executor", "executor.serviceAccountName=mage", "executor.serviceAccountName is Mage's own"),
        ("executor", "networkPolicy.apiServer.cidrs=null", "networkPolicy.apiServer.cidrs is empty"),
        ("spark-service", "ilum.service.namespace=other", "ilum.service.namespace is other, but the driver"),
        ("split", "mageai.database.existingSecret=", "standaloneScheduler needs mageai.database.existingSecret"),
        ("split", "mageai.redis.existingSecret=", "mageai.redis.existingSecret is empty: replicas take turns by Redis"),
        ("split", "mageai.persistence.enabled=false", "standaloneScheduler needs mageai.persistence.enabled=true"),
        ("split", "mageai.persistence.accessModes={ReadWriteOnce}", "accessModes needs ReadWriteMany"),
        ("split", "mageai.webServer.preStopSeconds=11", "mageai.webServer.preStopSeconds is 11 and mageai.termination"),
        ("split", "mageai.requireUserAuthentication=false", "mageai.ingress.enabled exclude each other"),
        ("module", "mageai.standaloneScheduler=true", "mageai.standaloneScheduler means nothing with ilum.module=true"),
        (
            "minimal",
            "mageai.service.loadBalancerSourceRanges={198.51.100.0/24}",
            "mageai.service.loadBalancerSourceRanges means nothing with mageai.service.type=ClusterIP",
        ),
        (
            "ilum-services",
            "mageai.serviceAccount.name=own",
            "mageai.serviceAccount.annotations are of a ServiceAccount",
        ),
        ("company", "ilum.server.caSecret.name=a,ilum.server.caConfigMap.name=b", "caConfigMap exclude each other"),
        ("module", "mageai.ingress.enabled=true", "mageai.ingress.enabled means nothing"),
        ("module", "mageai.httpRoute.enabled=true", "mageai.httpRoute.enabled means nothing"),
        ("module", "mageai.metrics.enabled=true", "mageai.metrics.enabled means nothing"),
        ("module", "mageai.database.existingSecret=pg", "mageai.database.existingSecret means nothing"),
        ("module", "executor.default=true", "executor.default means nothing"),
        ("company", "mageai.enabled=false", "means nothing with mageai.enabled=false"),
    ],
)
def test_what_does_not_go_together_is_refused(values, setting, words):
    assert words in refusal(setting, values=values)


def test_the_drift_check_needs_an_image_also_beside_ilums_module():
    said = refusal("driftCheck.enabled=true", "mageai.image.repository=", values="module")
    assert "mageai.image.repository is empty, and driftCheck.enabled" in said


@pytest.mark.parametrize("tag", ["latest", "latest-spark3.5", "3.5_latest", "Stable", "main", "edge", "nightly", "dev"])
def test_a_tag_that_moves_is_refused_by_the_chart_and_by_deploykit_alike(tag):
    assert f"mageai.image.tag is `{tag}`, a tag that moves" in refusal(f"mageai.image.tag={tag}")
    with pytest.raises(UsageError, match="which image exactly"):
        ImageReference.parse(f"mage:{tag}")
    digest = f"sha256:{'0123456789abcdef' * 4}"
    assert rendered("minimal", f"mageai.image={{repository: mage, tag: {tag}, digest: '{digest}'}}")


def test_the_chart_knows_the_same_tags_that_move():
    template = (assets.chart() / "templates" / "_validate.tpl").read_text(encoding="utf-8")
    assert f'"(?i)^({MOVING.pattern})$"' in template


@pytest.mark.parametrize("tag", ["0.9.80-spark4.1.1-slim-1", "stable-7", "2026-11-28-main", "nightly-20261128"])
def test_a_tag_that_only_looks_like_one_that_moves_is_not_refused(tag):
    assert rendered("minimal", f"mageai.image={{repository: mage, tag: '{tag}'}}")
    assert ImageReference.parse(f"mage:{tag}")


@pytest.mark.parametrize(
    "way", ["mageai.service.type=LoadBalancer", "mageai.service.type=NodePort", "mageai.httpRoute.enabled=true"]
)
def test_a_page_without_a_login_is_not_opened_to_a_network(way):
    said = refusal(way, "mageai.requireUserAuthentication=false")
    assert f"mageai.requireUserAuthentication=false and {way.removesuffix('=true')} exclude each other" in said


def test_a_volume_of_the_users_own_may_be_shared_whatever_the_values_say():
    """Its access modes are its own."""
    assert rendered("split", "mageai.persistence={existingClaim: projects}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAREHOUSE_PASSWORD", "x"),
        ("aws_secret_access_key", "x"),
        ("API_TOKEN", "x"),
        ("DB_PASS", "x"),
        ("OPENAI_API_KEY", "x"),
        ("SSH_PRIVATE_KEY", "x"),
        ("MYSQL_PWD", "x"),
        ("ENCRYPTION_KEY", "x"),
        ("LAKE_SAS", "x"),
        ("AZURE_STORAGE_CONNECTION_STRING", "x"),
        ("WAREHOUSE", "postgresql://me:secret@host/db"),
        ("LAKE", "AccountName=lake;AccountKey=s3cr3t"),
        ("REPORTS", "https://reports.example/?token=s3cr3t"),
    ],
)
def test_a_secret_in_clear_is_refused_and_not_repeated(name, value):
    assert value != "x" or secret_values({name: value}), "what the chart knows for a secret, messages hide"
    said = refusal(f"mageai.extraEnvs[0].name={name}", f"mageai.extraEnvs[0].value={value}")
    assert f"mageai.extraEnvs gives {name} in clear" in said
    assert "secretKeyRef" in said
    assert "configMapKeyRef" in said, "the way out of one that only looks like a secret"
    assert value == "x" or value not in said


@pytest.mark.parametrize("containers", ["extraContainers", "extraInitContainers"])
def test_a_secret_in_clear_is_refused_in_containers_of_the_users_own_too(containers):
    own = "{name: %s, image: 'tools:1', env: [%s]}"
    fine = own % (
        "fine",
        "{name: API_TOKEN, valueFrom: {secretKeyRef: {name: api, key: token}}}, {name: PORT, value: '7'}",
    )
    wrong = own % ("wrong", "{name: DB_PASSWORD, value: x}")
    assert rendered("minimal", f"mageai.{containers}=[{fine}, {{name: bare, image: 'tools:1'}}]")
    with pytest.raises(UsageError) as raised:
        rendered("minimal", f"mageai.{containers}=[{fine}, {wrong}]")
    assert f"mageai.{containers}[1].env gives DB_PASSWORD in clear" in raised.value.why


@pytest.mark.parametrize(
    "variable",
    [
        "{name: API_TOKEN, valueFrom: {secretKeyRef: {name: api, key: token}}}",
        "{name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/token}",
        "{name: AWS_ACCESS_KEY_ID, value: AKIA}",
        "{name: AWS_SECRETSMANAGER_ENDPOINT, value: 'https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com'}",
        "{name: GCP_SECRET_PROJECT, value: risk}",
        "{name: AZURE_SECRET_SCOPE, value: risk}",
        "{name: SECRET_LEVEL, valueFrom: {configMapKeyRef: {name: levels, key: secret}}}",
        "{name: SSH_PUBLIC_KEY, value: ssh-ed25519}",
        "{name: PARTITION_KEY, value: event_date}",
        "{name: MAX_TOKENS, value: '7'}",
        "{name: OPTIONS, value: 'password=$(PASSWORD)'}",
        "{name: TOKENIZERS_PARALLELISM, value: 'false'}",
        "{name: PROXY, value: 'http://proxy:3128/a@b'}",
    ],
)
def test_what_only_looks_like_a_secret_is_not_refused(variable):
    assert rendered("minimal", f"mageai.extraEnvs=[{variable}]")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SPARK_REMOTE", "mageai.extraEnvs sets SPARK_REMOTE"),
        ("MAGE_BASE_PATH", "set mageai.basePath instead"),
        ("INSTANCE_TYPE", "set mageai.standaloneScheduler instead"),
        ("REQUIRE_USER_AUTHENTICATION", "set mageai.requireUserAuthentication instead"),
        ("HOME", "mageai.extraEnvs sets HOME, which the chart sets itself, with what follows from it: leave it out"),
    ],
)
def test_a_variable_that_the_chart_sets_is_set_by_its_key_alone(name, words):
    assert words in refusal(f"mageai.extraEnvs[0].name={name}", "mageai.extraEnvs[0].value=x")


def test_variables_of_a_service_are_the_users_own_until_its_switch_is_on():
    """As with the first chart, which had no switch."""
    own = "mageai.extraEnvs=[{name: ILUM_SQL_URL, value: hive://mage@sql/default}]"
    assert rendered("minimal", own)
    with pytest.raises(UsageError) as raised:
        rendered("minimal", own, "ilum.sql.enabled=true")
    assert "set ilum.sql.url instead" in raised.value.why


def test_a_service_that_would_lead_to_executors_too_is_refused():
    said = refusal("ilum.service.create=true", "ilum.service.selector.spark-app-name=connect")
    assert "Add `spark-role: driver`" in said


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
        ("driftcheck.enabled=true", "driftcheck"),
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
        ("ilum.server.host=spark.ilum.svc:15002", "/ilum/server/host"),
        ("mageai.basePath=*mage", "/mageai/basePath"),
        ("fullnameOverride=Mage_1", "/fullnameOverride"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_where_it_stands(setting, path):
    said = refusal(setting)
    assert path in said or path.lstrip("/").replace("/", ".") in said, said


@pytest.mark.parametrize(("section", "key"), [("driftCheck", "driftCheck"), ("networkPolicy.dns", "dns")])
def test_a_section_that_is_missing_is_named(section, key):
    """As with `helm upgrade --reuse-values`, from a chart that did not know it."""
    said = refusal(f"{section}=null")
    assert re.search(rf"missing propert(y|ies):? .*{key}|{key} is required", said), said


@pytest.mark.parametrize(
    "rule",
    [
        "{to: []}",
        "{to: [{}]}",
        "{to: [{namespaceSelector: {matchLabel: {a: b}}}]}",
        "{to: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{prot: 443}]}",
    ],
)
def test_an_extra_rule_never_means_everywhere_by_mistake(rule):
    with pytest.raises(UsageError) as raised:
        chart.network_policies(example("minimal") + f"\nnetworkPolicy: {{extraEgress: [{rule}]}}\n")
    assert "extraEgress" in raised.value.why


def test_a_refusal_reaches_the_user_as_a_usage_error():
    with pytest.raises(UsageError) as raised:
        chart.network_policies("mageai: {imgae: {}}")
    assert "imgae" in raised.value.why


@pytest.mark.parametrize(
    ("persistence", "words"),
    [
        ("{size: 10737418240}", ""),
        ("{size: 10240Mi, storageClassName: fast}", ""),
        ("{size: 10G}", "size is 10G, but the volume mage is there already with 10Gi, and no volume shrinks: set"),
        ("{size: 5Gi}", "size is 5Gi"),
        ("{size: 10Gi, storageClassName: slow}", "storageClassName is slow, but the volume mage is"),
        ("{accessModes: [ReadWriteMany]}", "accessModes is [ReadWriteMany], but the volume mage is there already"),
    ],
)
def test_what_kubernetes_refuses_of_a_volume_that_is_there_is_refused_before(persistence, words, tmp_path):
    """Held against a claim in a file: there is no cluster to look it up in."""
    copied = shutil.copytree(assets.chart(), tmp_path / "chart")
    (copied / "claim.yaml").write_text(
        "metadata: {name: mage}\n"
        "spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 10Gi}}}\n"
    )
    (copied / "templates" / "held.yaml").write_text(
        '{{ include "mage-ilum.validateVolume.fits" (dict "persistence" .Values.mageai.persistence'
        ' "claim" (.Files.Get "claim.yaml" | fromYaml)) }}\n'
    )
    command = ["helm", "template", "mage", copied, "--values", "-", "--set", "mageai.existingSecret=own"]
    own = values("minimal", f"mageai.persistence={persistence}")
    done = subprocess.run(command, input=own, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode == 0) == (not words), done.stderr
    assert words in done.stderr
