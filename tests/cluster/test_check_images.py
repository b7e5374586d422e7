"""`deploykit check --from mage` on pods that are not what they say, and on projects that open sessions: all real."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest
from tests.cluster.check_pods import RELEASE, SERVER, pod
from tests.cluster.kubectl import create_namespace, kubectl
from tests.cluster.probes import put
from tests.cluster.release import until
from tests.needs import Cluster, Ilum

from deploykit.check.image import running
from deploykit.check.inside import probes
from deploykit.check.model import Step
from deploykit.kubernetes_api import KubernetesApi

NAMESPACE = "chk-image"
SECONDS = 8.0
"""For a whole check: its probes have 3 s, beside them the cluster and the registry are read."""
PROJECT = "mkdir -p /tmp/project && echo '{config}' >/tmp/project/metadata.yaml && exec sleep 3600"
ENVIRONMENT = {"USER_CODE_PATH": "/tmp/project"}
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "full", "namespace": NAMESPACE},
    "spec": {"hard": {"pods": "2"}},
}
# What `pip install` does with a wheel of another version, by a user who may not write to the image's own packages.
INSTALL = """
import os, subprocess, sys, zipfile
wheel, info = "/tmp/pyspark-3.5.0-py3-none-any.whl", "pyspark-3.5.0.dist-info/"
with zipfile.ZipFile(wheel, "w") as file:
    file.writestr("pyspark/__init__.py", "")
    file.writestr("pyspark/version.py", "__version__ = '3.5.0'")
    file.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: pyspark\\nVersion: 3.5.0\\n")
    file.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    file.writestr(info + "RECORD", "")
environment = {**os.environ, "PIP_CONSTRAINT": ""}
subprocess.run([sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", wheel], check=True, env=environment)
"""


@pytest.fixture(scope="module", autouse=True)
def mage(needs_docker: str, registry: str, needs_cluster: Cluster, image: str, spark: Ilum) -> Iterator[None]:
    """Mage by a moving tag whose label is wrong, and a scheduler in Spark's own image; no room for a third pod."""
    latest = f"{registry}/chk/mage:latest"
    dockerfile = f"FROM {image}\nLABEL io.deploykit.spark=4.2.0\n"
    docker(needs_docker, "build", "--quiet", f"--tag={latest}", "-", text=dockerfile)
    docker(needs_docker, "push", "--quiet", latest)
    chosen = [f"--namespace={spark.namespace}", "--selector=spark-role=driver"]
    spark_image = kubectl("get", "pods", *chosen, "--output=jsonpath={.items[0].spec.containers[0].image}")
    create_namespace(NAMESPACE)
    try:
        put(
            "apply",
            deployment(latest, "spark_config: {app_name: x}", {**ENVIRONMENT, "SPARK_REMOTE": "sc://spark:15002"}),
            made("mage-scheduler", "scheduler", spark_image, "spark_config: {app_name: x, spark_master: local}"),
        )
        until(60, lambda: phases() == ["Running", "Running"], "both pods")
        put("apply", QUOTA)
        yield
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def made(name: str, component: str, image: str, config: str, environment: dict[str, str] | None = None) -> dict:
    """A pod of Mage whose project has this `metadata.yaml`."""
    labels = {**RELEASE, "app.kubernetes.io/component": component}
    found = pod(NAMESPACE, name, labels, image, ["sh", "-c", PROJECT.format(config=config)])
    [container] = found["spec"]["containers"]
    variables = environment or ENVIRONMENT
    container |= {"name": "mage", "env": [{"name": key, "value": value} for key, value in variables.items()]}
    return found


def deployment(image: str, config: str, environment: dict[str, str]) -> dict:
    template = made("mage", "server", image, config, environment)
    spec = {**template["spec"], "restartPolicy": "Always"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "mage", "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": SERVER},
            "template": {"metadata": {"labels": SERVER}, "spec": spec},
        },
    }


def docker(client: str, *arguments: str, text: str = "") -> None:
    subprocess.run([client, *arguments], input=text, text=True, check=True, capture_output=True, timeout=120)


def phases() -> list[str]:
    """Of all pods here."""
    listed = json.loads(kubectl("get", "pods", f"--namespace={NAMESPACE}", "--output=json"))["items"]
    return [item["status"].get("phase") for item in listed]


def check(only: str | None = "server") -> dict[tuple[str, str], Step]:
    """What was found to be wrong, by place and code."""
    begin = time.monotonic()
    found = probes.check(KubernetesApi(), namespace=NAMESPACE, url="sc://127.0.0.1:1", only=only)
    assert time.monotonic() - begin < SECONDS
    return {(step.where, step.code): step for step in found.walk.steps if step.outcome == "failed"}


def test_what_is_wrong_with_images_projects_and_the_namespace_is_told() -> None:
    found = check(only=None)
    assert found["server", "tag-latest"].sentence.startswith("deployment/mage runs ")
    assert "says Spark 4.2.0 (label io.deploykit.spark), and PySpark in it is 4.1.1" in (
        found["server", "image-differs"].sentence
    )
    assert found["server", "session-for-every-block"].sentence.endswith("spark_config of metadata.yaml has app_name.")
    assert found["scheduler", "image-foreign"].exit_code == 3
    assert found["scheduler", "local-jvm"].sentence.endswith("in every block: spark_master is local.")
    assert "set use_custom_session: true" in found["scheduler", "local-jvm"].fix
    assert "exceeded quota: full" in found["test", "probe-not-started"].why


def test_a_pyspark_that_was_installed_into_the_running_pod_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_SAME_START_SECONDS", 0)
    kubectl("exec", "deploy/mage", f"--namespace={NAMESPACE}", "--", "python3", "-c", INSTALL)
    found = check()
    assert "was changed" in found["server", "client-changed-under-mage"].sentence
    assert found["server", "image-differs"].sentence.endswith("and PySpark in it is 3.5.0.")


def test_a_roll_out_that_hangs_leaves_the_old_pod() -> None:
    kubectl("set", "image", "deployment/mage", "mage=registry.example/mage:new", f"--namespace={NAMESPACE}")
    step = check()["server", "started-before-upgrade"]
    assert step.sentence.endswith("and deployment/mage says registry.example/mage:new.")
    assert step.exit_code == 5
