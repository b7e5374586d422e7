"""`deploykit image` in a pod, as a CI job of a cluster runs it: no engine, no root, little memory."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cluster import tool_image
from tests.cluster.kubectl import kubectl, wait_for_job
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
def proxy(registry: str, tmp_path: Path) -> Iterator[RegistryProxy]:
    """The registry with a login, which is in `config.json`."""
    with RegistryProxy(registry) as proxy:
        (tmp_path / "config.json").write_text(proxy.docker_config)
        yield proxy


@pytest.fixture
def namespace(needs_cluster: Cluster, proxy: RegistryProxy, tmp_path: Path) -> Iterator[str]:
    """With the login as Secret `docker`."""
    name = f"{NAMESPACE}-{uuid.uuid4().hex[:6]}"
    kubectl("create", "namespace", name)
    secret = ("--type=kubernetes.io/dockerconfigjson", f"--from-file=.dockerconfigjson={tmp_path / 'config.json'}")
    kubectl("create", "secret", "generic", "docker", *secret, "--namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def here(base_python: Path, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`deploykit image` on this machine, by its user, who may read the same login."""

    def here(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "deploykit", "image", "--engine=registry", "--push", *arguments],
            env={**os.environ, "DOCKER_CONFIG": str(tmp_path), "DEPLOYKIT_PYTHON": str(base_python)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return here


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
            {
                "name": "docker",
                "secret": {
                    "secretName": "docker",
                    "items": [{"key": ".dockerconfigjson", "path": "config.json"}],
                },
            },
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
    wait_for_job(namespace, "deploykit", seconds=SECONDS)
    return kubectl("logs", "job/deploykit", "--namespace", namespace)


def test_a_job_without_root_engine_and_much_memory_makes_the_image_that_any_other_machine_makes(
    image: str, namespace: str, proxy: RegistryProxy, base_image: str, here
):
    """With Java, which is linked in the pod, and the base's bytecode; and by root, elsewhere, it is the same image."""
    repository = f"{proxy.host}/deploykit-test/{uuid.uuid4().hex[:12]}"
    request = ("--spark=4.1.1", f"--base={proxy.host}/{base_image.partition('/')[2]}")
    put("apply", job(namespace, image, *request, f"--repository={repository}", "--push"))
    other = here(*request, f"--repository={repository}-other")
    assert other.returncode == 0, other.stderr
    log = ended(namespace)
    said = json.loads(log.splitlines()[-1])
    assert said["exit"] == 0, log
    assert said["image"][0].startswith(f"{repository}:0.9.80-spark4.1.1-connect-"), log
    assert said["image"][0].rpartition("@")[2] == other.stdout.strip().rpartition("@")[2], log
    assert said["mb"] < 300, log
    assert "Linking the Java runtime" in log
    assert "Making layer warm" in log
    assert "bytecode: there is no Python" not in log
    for secret in proxy.secrets:
        assert secret not in log


def test_an_image_that_no_engine_made_is_tried_in_a_pod_before_it_gets_its_tag(
    namespace: str, proxy: RegistryProxy, base_image: str, here
):
    """The pod pulls with the secrets of the namespace's ServiceAccount, which Kubernetes makes after a moment."""
    kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s", "--namespace", namespace)
    patch = json.dumps({"imagePullSecrets": [{"name": "docker"}]})
    kubectl("patch", "serviceaccount", "default", "--patch", patch, "--namespace", namespace)
    repository = f"{proxy.host}/deploykit-test/{uuid.uuid4().hex[:12]}"
    base = f"{proxy.host}/{base_image.partition('/')[2]}"
    request = ("--spark=4.1.1", "--profile=slim", f"--base={base}", f"--repository={repository}")
    done = here(*request, f"--verify-in={namespace}")
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
