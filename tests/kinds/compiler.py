"""What others than Kubernetes know of the objects that they read: types made from their sources, and a compiler."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.needs import BUILD, fetch, locked, missing, run_folder

Object = Mapping[str, Any]

HERE = Path(__file__).parent
PACKAGE = ("package.json", "package-lock.json")
TYPES = {
    "argoproj.io/v1alpha1 Application": "@kubernetes-models/argo-cd/argoproj.io/v1alpha1",
    "argoproj.io/v1alpha1 CronWorkflow": "@kubernetes-models/argo-workflows/argoproj.io/v1alpha1",
    "argoproj.io/v1alpha1 WorkflowTemplate": "@kubernetes-models/argo-workflows/argoproj.io/v1alpha1",
    "cilium.io/v2 CiliumNetworkPolicy": "@kubernetes-models/cilium/cilium.io/v2",
    "gateway.networking.k8s.io/v1 HTTPRoute": "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1",
    "monitoring.coreos.com/v1 ServiceMonitor": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
    "source.toolkit.fluxcd.io/v1 GitRepository": "@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1",
    "source.toolkit.fluxcd.io/v1 OCIRepository": "@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1",
    "kustomize.toolkit.fluxcd.io/v1 Kustomization": "@kubernetes-models/flux-cd/kustomize.toolkit.fluxcd.io/v1",
    "helm.toolkit.fluxcd.io/v2 HelmRelease": "@kubernetes-models/flux-cd/helm.toolkit.fluxcd.io/v2",
    "v1 Namespace": "kubernetes-models/v1",
    "v1 ServiceAccount": "kubernetes-models/v1",
    "rbac.authorization.k8s.io/v1 Role": "kubernetes-models/rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1 RoleBinding": "kubernetes-models/rbac.authorization.k8s.io/v1",
}
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--types", "")


@pytest.fixture(scope="session")
def kinds() -> Path:
    """A folder with the compiler and the types."""
    lock = (HERE / "package-lock.json").read_bytes()
    target = BUILD / f"kinds-{hashlib.sha256(lock).hexdigest()[:8]}"
    if (npm := shutil.which("npm")) is None:
        missing("npm", "install Node.js 20 or newer")
    with locked(run_folder() / "kinds.lock"):
        if not (target / "ready").exists():
            target.mkdir(parents=True, exist_ok=True)
            for name in PACKAGE:
                shutil.copy(HERE / name, target)
            fetch("the types of Kubernetes objects", [npm, "ci", "--ignore-scripts", "--silent"], cwd=target)
            (target / "ready").touch()
    return target


def refused(kinds: Path, objects: Iterable[Object]) -> str:
    """What the compiler says of these objects, each taken for a literal of its type."""
    with tempfile.TemporaryDirectory(dir=kinds) as folder:
        source = Path(folder) / "objects.ts"
        source.write_text("".join(_declared(*each) for each in enumerate(objects)), encoding="utf-8")
        compiler = kinds / "node_modules" / ".bin" / "tsc"
        done = subprocess.run([compiler, *STRICT, source], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def _declared(number: int, item: Object) -> str:
    kind = item["kind"]
    module = TYPES[f"{item['apiVersion']} {kind}"]
    return f'export const object{number}: import("{module}").I{kind} = {json.dumps(item)};\n'
