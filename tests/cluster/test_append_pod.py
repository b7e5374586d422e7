"""`deploykit image` in a pod, as a CI job of a cluster runs it: no engine, no root, little memory."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster import tool_image
from tests.cluster.kubectl import kubectl
from tests.cluster.probes import put
from tests.needs import Cluster
from tests.sync.registry_proxy import RegistryProxy
from tests.unit.image.plans import make

from deploykit.cli.output import Lines
from deploykit.errors import BuildError
from deploykit.image.append import verify_in

NAMESPACE = "app-pod"
SECONDS = 400
MEMORY = 512
# What the job does, and how much memory the largest of its processes had in the end.
RUN = """
import json, resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "deploykit", *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
print(json.dumps({"image": done.stdout.split()[-1:], "exit": done.returncode,
    "mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}))
"""


@pytest.fixture(scope="module")
def image(needs_docker: str, registry: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return tool_image.make(needs_docker, registry, tmp_path_factory.mktemp("tool"))


@pytest.fixture
def namespace(needs_cluster: Cluster) -> Iterator[str]:
    name = f"{NAMESPACE}-{uuid.uuid4().hex[:6]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def job(namespace: str, image: str, *arguments: str) -> dict[str, object]:
    """The registry of the testbed is only on the node's loopback address: hence its network."""
    mounts = [{"name": "work", "mountPath": "/data"}, {"name": "docker", "mountPath": "/docker", "readOnly": True}]
    settings = {"HOME": "/data", "TMPDIR": "/data", "DEPLOYKIT_CACHE": "/data/cache", "DOCKER_CONFIG": "/docker"}
    container = {
        "name": "deploykit",
        "image": image,
        "command": ["python3.11", "-c", RUN, "image", *arguments],
        "env": [{"name": name, "value": value} for name, value in settings.items()],
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": f"{MEMORY}Mi"}},
        "volumeMounts": mounts,
    }
    spec = {
        "restartPolicy": "Never",
        "hostNetwork": True,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "work", "emptyDir": {"sizeLimit": "2Gi"}},
            {"name": "docker", "secret": {"secretName": "docker"}},
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "deploykit", "namespace": namespace},
        "spec": {"backoffLimit": 0, "activeDeadlineSeconds": SECONDS, "template": {"spec": spec}},
    }


def ended(namespace: str) -> str:
    """The job's log, when it has ended."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        status = json.loads(kubectl("get", "job", "deploykit", "--namespace", namespace, "--output=json"))["status"]
        if status.get("succeeded") or status.get("failed"):
            break
        time.sleep(0.5)
    return kubectl("logs", "job/deploykit", "--namespace", namespace)


def test_a_job_without_root_engine_and_much_memory_makes_the_image(
    image: str, namespace: str, registry: str, base_image: str, tmp_path: Path
):
    with RegistryProxy(registry) as proxy:
        (tmp_path / "config.json").write_text(proxy.docker_config)
        kubectl("create", "secret", "generic", "docker", f"--from-file={tmp_path / 'config.json'}", "-n", namespace)
        repository = f"{proxy.host}/deploykit-test/{uuid.uuid4().hex[:12]}"
        base = f"{proxy.host}/{base_image.partition('/')[2]}"
        request = ("--spark=4.1.1", "--profile=slim", f"--base={base}", f"--repository={repository}", "--push")
        put("apply", job(namespace, image, *request))
        log = ended(namespace)
        said = json.loads(log.splitlines()[-1])
        assert said["exit"] == 0, log
        assert said["image"][0].startswith(f"{repository}:0.9.80-spark4.1.1-slim-"), log
        assert said["mb"] < 300, log
        assert "Layer pyspark: sent" in log
        assert "bytecode: there is no Python" not in log
        for secret in proxy.secrets:
            assert secret not in log


def pulls_with(namespace: str, config: Path) -> None:
    """Give the namespace's ServiceAccount `default`, which Kubernetes makes after a moment, a registry login."""
    secret = ("--type=kubernetes.io/dockerconfigjson", f"--from-file=.dockerconfigjson={config}")
    kubectl("create", "secret", "generic", "docker", *secret, "-n", namespace)
    kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", namespace)
    patch = json.dumps({"imagePullSecrets": [{"name": "docker"}]})
    kubectl("patch", "serviceaccount", "default", "--patch", patch, "-n", namespace)


def test_an_image_that_no_engine_made_is_tried_in_a_pod_before_it_gets_its_tag(
    namespace: str, registry: str, base_image: str, tmp_path: Path
):
    with RegistryProxy(registry) as proxy:
        (tmp_path / "config.json").write_text(proxy.docker_config)
        pulls_with(namespace, tmp_path / "config.json")
        repository = f"{proxy.host}/deploykit-test/{uuid.uuid4().hex[:12]}"
        base = f"{proxy.host}/{base_image.partition('/')[2]}"
        command = ["image", "--engine=registry", "--push", f"--verify-in={namespace}", f"--repository={repository}"]
        done = subprocess.run(
            [sys.executable, "-m", "deploykit", *command, "--spark=4.1.1", "--profile=slim", f"--base={base}"],
            env={**os.environ, "DOCKER_CONFIG": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    tried = done.stderr.partition(f"in namespace {namespace}\n")[2]
    assert "ok: exact versions" in tried
    assert "ok: no local spark" in tried
    assert tried.index("ok: not root") < tried.index("==> Pushing")
    assert kubectl("get", "pods", "--namespace", namespace, "--output=name") == ""


def test_an_image_that_does_not_hold_what_it_must_is_refused_with_what_the_pod_says(
    needs_cluster: Cluster, namespace: str, base_image: str
):
    plan = make(base=base_image, repository=base_image.rpartition(":")[0])
    with pytest.raises(BuildError, match="does not hold what it must") as raised:
        verify_in.verify(plan, base_image, where=namespace, progress=Lines())
    assert "runAsNonRoot" in raised.value.why
