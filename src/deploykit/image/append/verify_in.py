"""What must hold in an image, tried in a pod of a cluster: by the registry's digest, before the image gets its tag."""

import json
from uuid import uuid4

from deploykit import assets
from deploykit.check.inside.kinds import PROBE_LABEL
from deploykit.check.inside.lifecycle import run_pods
from deploykit.errors import BuildError, UnreachableError
from deploykit.kubernetes_api import Item, KubernetesApi
from deploykit.plan import Plan
from deploykit.progress import Progress

START_SECONDS = 300.0
"""A node that has never seen the base has to pull it first."""
SECONDS = 240.0


def verify(plan: Plan, image: str, *, where: str, progress: Progress) -> None:
    """Run the checks of `verify` in a pod; `where` is `NAMESPACE` or `CONTEXT/NAMESPACE`. Raises `BuildError`, and
    `UnreachableError` where that cannot be told.
    """
    context, _, namespace = where.rpartition("/")
    progress.step(f"Verifying the image from inside, in namespace {namespace}")
    api = KubernetesApi(context or None, timeout=plan.timeout)
    program = (assets.image() / "verify" / "inside.py").read_text(encoding="utf-8")
    command = ("python3", "-c", program, str(plan.profile))
    made = pod(namespace, image, command, platform=plan.platform)
    said = run_pods(api, {"verify": made}, SECONDS, start=START_SECONDS)["verify"]
    if said.problem in ("forbidden", "unheard"):
        raise UnreachableError(
            f"The image could not be tried in namespace {namespace}.",
            why=said.reason,
            fix="run it again where you may create pods and read their log, or leave --verify-in out",
        )
    checks = [json.loads(line) for line in said.out.splitlines() if line.startswith('{"check"')]
    for check in checks:
        progress.step(f"{'FAIL' if check['problem'] else 'ok'}: {check['check'].replace('_', ' ')}")
    failed = [f"{check['check'].replace('_', ' ')}: {check['problem']}" for check in checks if check["problem"]]
    if said.exit_code != 0 or not checks:
        failed.append(f"{said.problem} {said.reason or said.out[-2000:]}".strip() or f"exit {said.exit_code}")
    if failed:
        raise BuildError(
            f"The image does not hold what it must, tried in namespace {namespace}.",
            why="\n".join(failed),
            fix="its layers are in the registry, under no tag: see what the pod says, or leave --verify-in out",
        )


def pod(namespace: str, image: str, command: tuple[str, ...], *, platform: str) -> Item:
    """A pod for one command, under restricted Pod Security, that Kubernetes ends should nobody be left to do it.

    It pulls with the secrets of the namespace's ServiceAccount `default`, which Kubernetes adds to a pod without any.
    """
    system, _, machine = platform.partition("/")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"deploykit-verify-{uuid4().hex[:8]}",
            "namespace": namespace,
            "labels": {PROBE_LABEL: "verify"},
            "annotations": {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"},
        },
        "spec": {
            "restartPolicy": "Never",
            "nodeSelector": {"kubernetes.io/os": system, "kubernetes.io/arch": machine},
            "activeDeadlineSeconds": int(START_SECONDS + SECONDS),
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "probe",
                    "image": image,
                    "command": list(command),
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
                }
            ],
        },
    }
