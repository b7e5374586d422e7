"""Every example renders, to what it says."""

import subprocess

import pytest
import yaml
from tests.chart.rendering import EXAMPLES, NAMES, example, named, of_kind, parsed, pods

from deploykit import assets
from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")


@pytest.fixture
def rendered():
    """A factory: the objects that an example renders to."""
    return lambda name, more="": parsed(chart.render(example(name) + more))


@pytest.mark.parametrize("values", [None, *EXAMPLES], ids=["defaults", *NAMES])
def test_helm_lint_has_no_warning(values):
    flags = ["--values", values] if values else []
    done = subprocess.run(
        ["helm", "lint", "--strict", assets.chart(), *flags], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_the_same_values_render_the_same_bytes(name):
    """But for the generated Secret, which the cluster keeps."""
    with_secret = example(name).replace("mageai:\n", "mageai:\n  existingSecret: given\n", 1)
    values = example(name) if "existingSecret: mage-auth" in with_secret else with_secret
    assert chart.render(values) == chart.render(values)


def test_the_project_and_the_data_are_on_the_volume(rendered):
    [deployment] = of_kind(rendered("minimal"), "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert {"name": "home-src", "mountPath": "/home/src"} in container["volumeMounts"]
    assert {"name": "home-src", "persistentVolumeClaim": {"claimName": "mage"}} in spec["volumes"]
    environment = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert environment["USER_CODE_PATH"].startswith("/home/src/")
    assert environment["MAGE_DATA_DIR"].startswith("/home/src/")
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


def test_the_volume_and_its_password_outlive_the_release_unless_told_otherwise(rendered):
    keep = {"helm.sh/resource-policy": "keep"}
    documents = rendered("minimal")
    assert named(documents, "PersistentVolumeClaim", "mage")["metadata"]["annotations"] == keep
    assert named(documents, "Secret", "mage")["metadata"]["annotations"] == keep
    loose = parsed(chart.render(example("minimal").replace("mageai:\n", "mageai:\n  persistence: {keep: false}\n", 1)))
    assert "annotations" not in named(loose, "PersistentVolumeClaim", "mage")["metadata"]


def test_secrets_are_generated_and_are_not_mages_own(rendered):
    first, second = (named(rendered("minimal"), "Secret", "mage")["data"] for _ in range(2))
    assert first.keys() == {"JWT_SECRET", "DEFAULT_OWNER_PASSWORD"}
    assert all(first[key] != second[key] and len(first[key]) >= 32 for key in first)


def test_an_existing_secret_takes_the_place_of_the_generated_one(rendered):
    documents = rendered("company")
    assert of_kind(documents, "Secret") == []
    [deployment] = of_kind(documents, "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    sources = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"]["name"]
        for variable in container["env"]
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    assert sources == {
        "ILUM_SPARK_CONNECT_URL": "spark-address",
        "JWT_SECRET": "mage-auth",
        "DEFAULT_OWNER_PASSWORD": "mage-auth",
        "MAGE_DATABASE_CONNECTION_URL": "mage-database",
    }


@pytest.mark.parametrize(("name", "path"), [("minimal", "/api/status"), ("company", "/external/mageai/api/status")])
def test_probes_ask_for_the_status_under_the_base_path(rendered, name, path):
    [deployment] = of_kind(rendered(name), "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}


@pytest.mark.parametrize("name", NAMES)
def test_no_pod_gets_spark_remote(name):
    """Mage would open a session for every block with it, and hang every block when the server is away."""
    assert "SPARK_REMOTE" not in "".join(chart.render(example(name)))


def test_the_resources_are_the_guides(rendered):
    [deployment] = of_kind(rendered("minimal"), "Deployment")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "2000m", "memory": "4Gi"},
        "requests": {"cpu": "1000m", "memory": "2Gi"},
    }


def test_rights_are_given_only_to_the_executor_and_only_those_it_uses(rendered):
    assert of_kind(rendered("minimal"), "Role") == []
    documents = rendered("executor")
    [role] = of_kind(documents, "Role")
    rights = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert rights == {("pods", "get"), ("jobs", "get"), ("jobs", "create"), ("jobs", "delete")}
    [binding] = of_kind(documents, "RoleBinding")
    assert [subject["name"] for subject in binding["subjects"]] == ["mage"]
    accounts = {kind: spec["serviceAccountName"] for kind, _, spec in pods(documents) if kind != "test"}
    assert accounts == {"server": "mage", "worker": "mage-worker"}


def test_a_job_is_not_retried_by_kubernetes_and_is_named_after_its_release(rendered):
    documents = rendered("executor")
    config = yaml.safe_load(named(documents, "ConfigMap", "mage-executor")["data"]["executor.yaml"])
    assert config["job"] == {"backoff_limit": 0, "ttl_seconds_after_finished": 600, "active_deadline_seconds": 7200}
    [deployment] = of_kind(documents, "Deployment")
    environment = {
        variable["name"]: variable.get("value")
        for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert environment["MAGE_CLUSTER_UUID"] == "mage"
    assert environment["K8S_CONFIG_FILE"] == "/etc/mage-ilum/executor.yaml"


def test_a_change_of_the_executors_file_starts_mage_anew(rendered):
    def annotation(more):
        [deployment] = of_kind(rendered("executor", more), "Deployment")
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/executor"]

    assert annotation("") != annotation("\nmageai: {image: {repository: a, tag: b, pullPolicy: Always}}\n")


def test_the_spark_service_is_made_in_sparks_namespace_and_is_what_mage_dials(rendered):
    documents = rendered("spark-service")
    service = named(documents, "Service", "mage-spark")
    assert service["metadata"]["namespace"] == "spark-jobs"
    assert service["spec"]["selector"] == {"spark-role": "driver", "spark-app-name": "spark-connect"}
    [port] = service["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (443, 15002)
    for kind, _, spec in pods(documents):
        urls = [variable["value"] for variable in spec["containers"][0]["env"] if "CONNECT_URL" in variable["name"]]
        assert urls == ["sc://mage-spark.spark-jobs.svc.cluster.local:443"], kind


def test_beside_ilums_own_module_only_policies_and_the_test_are_installed(rendered):
    assert {document["kind"] for document in rendered("module")} == {"NetworkPolicy", "Pod"}


def test_the_companys_ca_is_mounted_where_grpc_is_told_to_look(rendered):
    values = example("company").replace(
        "  server:\n", "  server:\n    caSecret: {name: company-ca, key: root.pem}\n", 1
    )
    for kind, _, spec in pods(parsed(chart.render(values))):
        [container] = spec["containers"]
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        folder, _, key = environment["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"].rpartition("/")
        [mount] = [mount for mount in container["volumeMounts"] if mount["mountPath"] == folder]
        [volume] = [volume for volume in spec["volumes"] if volume["name"] == mount["name"]]
        assert volume["secret"] == {"secretName": "company-ca", "items": [{"key": "root.pem", "path": key}]}, kind
        assert mount["readOnly"] is True, "Mage copies mount and volume to worker pods"
    assert "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" not in str(rendered("company"))


def test_helm_test_has_the_extra_variables_too(rendered):
    for kind, _, spec in pods(rendered("company")):
        assert {"name": "TEAM", "value": "risk"} in spec["containers"][0]["env"], kind


def test_the_key_that_ilums_umbrella_chart_switches_its_module_by_changes_nothing():
    given = [text for text in chart.render(with_module("true")) if "kind: Secret" not in text]
    assert given == [text for text in chart.render(with_module("false")) if "kind: Secret" not in text]


def with_module(enabled):
    return example("minimal").replace("mageai:\n", f"mageai:\n  enabled: {enabled}\n", 1)


def test_spark_runs_in_ilums_own_namespace_unless_it_is_said_where():
    values = example("minimal").replace("ilum:\n", "ilum:\n  namespace: analytics\n", 1)
    policies = chart.network_policies(values.replace("server.ilum.svc", "server.analytics.svc"))
    assert "kubernetes.io/metadata.name: analytics" in policies
    assert "kubernetes.io/metadata.name: ilum" not in policies


def test_only_mages_page_is_behind_its_service(rendered):
    documents = rendered("executor")
    selector = named(documents, "Service", "mage")["spec"]["selector"]
    behind = [kind for kind, labels, _ in pods(documents) if selector.items() <= labels.items()]
    assert behind == ["server"]


def test_helm_test_asks_spark_a_question_with_the_image(rendered):
    documents = rendered("minimal")
    [pod] = of_kind(documents, "Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    [container] = pod["spec"]["containers"]
    assert container["command"] == ["python3", "-m", "mage_ilum.check"]
    assert container["image"] == "registry.example/mage-ilum:0.9.80-spark4.1.1-connect-0123abcd"
