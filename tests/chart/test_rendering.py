"""Every example renders, to what it says: what all kinds of installation have in common."""

import subprocess

import pytest
from tests.chart.rendering import (
    EXAMPLES,
    NAMES,
    environment,
    example,
    mage,
    named,
    namespace_of,
    of_kind,
    pods,
    rendered,
    values,
)

from deploykit import assets
from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")


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
    module = any("ilum.module" in line or "module: true" in line for line in example(name).splitlines())
    given = example(name) if module else values(name, "mageai.existingSecret=given")
    twice = [chart.render(given, namespace=namespace_of(name)) for _ in range(2)]
    assert twice[0] == twice[1]


def test_the_project_and_the_data_are_on_the_volume():
    container = mage(rendered("minimal"))
    assert {"name": "home-src", "mountPath": "/home/src"} in container["volumeMounts"]
    assert {"name": "home-src", "persistentVolumeClaim": {"claimName": "mage"}} in container["pod"]["volumes"]
    for name in ("USER_CODE_PATH", "MAGE_DATA_DIR"):
        assert environment(container)[name]["value"].startswith("/home/src/")


def test_the_volume_and_its_password_outlive_the_release_unless_told_otherwise():
    keep = {"helm.sh/resource-policy": "keep"}
    documents = rendered("minimal")
    assert named(documents, "PersistentVolumeClaim", "mage")["metadata"]["annotations"] == keep
    assert named(documents, "Secret", "mage")["metadata"]["annotations"] == keep
    loose = rendered("minimal", "mageai.persistence.keep=false")
    assert "annotations" not in named(loose, "PersistentVolumeClaim", "mage")["metadata"]
    assert "annotations" not in named(loose, "Secret", "mage")["metadata"]


def test_secrets_are_generated_and_are_not_mages_own():
    first, second = (
        named(rendered("minimal", f"mageai.startupSeconds={seconds}"), "Secret", "mage")["data"] for seconds in (60, 61)
    )
    assert first.keys() == {"JWT_SECRET", "DEFAULT_OWNER_PASSWORD"}
    assert all(first[key] != second[key] and len(first[key]) >= 32 for key in first)


def test_an_existing_secret_takes_the_place_of_the_generated_one():
    documents = rendered("company")
    assert of_kind(documents, "Secret") == []
    sources = {
        name: variable["valueFrom"]["secretKeyRef"]["name"]
        for name, variable in environment(mage(documents)).items()
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    assert sources == {
        "ILUM_SPARK_CONNECT_URL": "spark-address",
        "JWT_SECRET": "mage-auth",
        "DEFAULT_OWNER_PASSWORD": "mage-auth",
        "MAGE_DATABASE_CONNECTION_URL": "mage-database",
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_pod_gets_spark_remote(name):
    """Mage would open a session for every block with it, and hang every block when the server is away."""
    assert "SPARK_REMOTE" not in str(rendered(name))


@pytest.mark.parametrize("name", NAMES)
def test_only_mages_page_is_behind_its_service(name):
    documents = rendered(name)
    for service in of_kind(documents, "Service"):
        if service["metadata"]["name"] == "mage":
            selector = service["spec"]["selector"]
            behind = [kind for kind, labels, _ in pods(documents) if selector.items() <= labels.items()]
            assert behind == ["web" if name == "split" else "server"]


def test_the_resources_are_the_guides():
    assert mage(rendered("minimal"))["resources"] == {
        "limits": {"cpu": "2000m", "memory": "4Gi"},
        "requests": {"cpu": "1000m", "memory": "2Gi"},
    }


def test_the_spark_service_is_made_in_sparks_namespace_and_is_what_mage_dials():
    documents = rendered("spark-service")
    service = named(documents, "Service", "mage-spark")
    assert service["metadata"]["namespace"] == "spark-jobs"
    assert service["spec"]["selector"] == {"spark-role": "driver", "spark-app-name": "spark-connect"}
    [port] = service["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (443, 15002)
    for kind, _, spec in pods(documents):
        url = environment(spec["containers"][0])["ILUM_SPARK_CONNECT_URL"]["value"]
        assert url == "sc://mage-spark.spark-jobs.svc.cluster.local:443", kind


def test_beside_ilums_own_module_only_policies_the_test_and_the_drift_check_are_installed():
    assert {document["kind"] for document in rendered("module")} == {"NetworkPolicy", "Pod"}
    kinds = {document["kind"] for document in rendered("module", "driftCheck.enabled=true")}
    assert kinds == {"NetworkPolicy", "Pod", "CronJob"}


def test_the_companys_ca_is_mounted_where_grpc_is_told_to_look():
    changed = rendered("company", "ilum.server.caSecret={name: company-ca, key: root.pem}", "driftCheck.enabled=true")
    for kind, _, spec in pods(changed):
        [container] = spec["containers"]
        folder, _, key = environment(container)["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]["value"].rpartition("/")
        [mount] = [mount for mount in container["volumeMounts"] if mount["mountPath"] == folder]
        [volume] = [volume for volume in spec["volumes"] if volume["name"] == mount["name"]]
        assert volume["secret"] == {"secretName": "company-ca", "items": [{"key": "root.pem", "path": key}]}, kind
        assert mount["readOnly"] is True, "Mage copies mount and volume to worker pods"
    assert "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" not in str(rendered("company"))


def test_the_companys_ca_may_be_in_a_configmap():
    """As trust-manager and OpenShift bring it; helm test and the drift check trust it as blocks do."""
    given = ("ilum.server.caConfigMap={name: bundle, key: ca-bundle.crt}", "driftCheck.enabled=true")
    found = {kind: spec for kind, _, spec in pods(rendered("company", *given))}
    assert found.keys() == {"server", "test", "drift-check"}
    for spec in found.values():
        file = environment(spec["containers"][0])["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]["value"]
        [volume] = [volume for volume in spec["volumes"] if "configMap" in volume]
        assert volume["configMap"] == {"name": "bundle", "items": [{"key": "ca-bundle.crt", "path": "ca-bundle.crt"}]}
        [mount] = [one for one in spec["containers"][0]["volumeMounts"] if one["name"] == volume["name"]]
        assert file == f"{mount['mountPath']}/ca-bundle.crt"


def test_a_secret_of_ones_own_may_have_keys_of_its_own():
    documents = rendered(
        "company",
        "mageai.existingSecretKeys={jwtSecret: jwt, ownerPassword: password}",
        "mageai.database.existingSecretKey=uri",
        "ilum.server.existingSecretKey=url",
    )
    variables = environment(mage(documents))
    assert {
        name: variable["valueFrom"]["secretKeyRef"]["key"]
        for name, variable in variables.items()
        if "secretKeyRef" in variable.get("valueFrom", {})
    } == {
        "ILUM_SPARK_CONNECT_URL": "url",
        "JWT_SECRET": "jwt",
        "DEFAULT_OWNER_PASSWORD": "password",
        "MAGE_DATABASE_CONNECTION_URL": "uri",
    }
    [test] = of_kind(documents, "Pod")
    assert environment(test["spec"]["containers"][0])["ILUM_SPARK_CONNECT_URL"] == variables["ILUM_SPARK_CONNECT_URL"]


def test_labels_for_all_objects_are_on_all_and_take_none_of_the_charts_away():
    """Pods are not among them: another label would start each anew."""
    own = "commonLabels={cost-center: '4711', name: risk, app.kubernetes.io/name: other}"

    def spec(document):
        found = document.get("spec", {})
        return found.get("jobTemplate", document).get("spec")

    for name in NAMES:
        for with_them, without in zip(rendered(name, own), rendered(name), strict=True):
            labels = without["metadata"]["labels"]
            assert with_them["metadata"]["labels"] == {**labels, "cost-center": "4711", "name": "risk"}
            assert spec(with_them) == spec(without)


def test_every_pod_has_the_extra_variables():
    for kind, _, spec in pods(rendered("ilum-services")):
        container = spec["containers"][0]
        assert environment(container)["TEAM"] == {"name": "TEAM", "value": "risk"}, kind
        assert container["envFrom"] == [{"configMapRef": {"name": "team-settings"}}], kind


def test_the_key_that_ilums_umbrella_chart_switches_its_module_by_means_no_second_mage():
    module = rendered("module", "driftCheck.enabled=true")
    assert rendered("module", "driftCheck.enabled=true", "ilum.module=false", "mageai.enabled=false") == module
    assert rendered("module", "driftCheck.enabled=true", "mageai.enabled=true") == module, "where Ilum's module is on"


def test_spark_runs_in_ilums_own_namespace_unless_it_is_said_where():
    policies = str(
        of_kind(
            rendered("minimal", "ilum.namespace=analytics", "ilum.server.host=spark.analytics.svc"), "NetworkPolicy"
        )
    )
    assert "'kubernetes.io/metadata.name': 'analytics'" in policies
    assert "'kubernetes.io/metadata.name': 'ilum'" not in policies


def test_helm_test_asks_spark_a_question_with_the_image():
    [pod] = of_kind(rendered("minimal"), "Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    [container] = pod["spec"]["containers"]
    assert container["command"] == ["python3", "-m", "mage_ilum.check"]
    assert container["image"] == "registry.example/mage-ilum:0.9.80-spark4.1.1-connect-0123abcd"
