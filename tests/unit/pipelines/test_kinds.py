"""The objects of docs/pipelines are what Argo CD, Argo Workflows, Flux and Kubernetes know, key by key."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.needs import REPOSITORY

TO_COPY = REPOSITORY / "docs" / "pipelines"
FILES = ["argo-cd.yaml", "argo-workflows.yaml", "flux/mage.yaml", "flux/release.yaml"]
TYPES = {
    "argoproj.io/v1alpha1 Application": "@kubernetes-models/argo-cd/argoproj.io/v1alpha1",
    "argoproj.io/v1alpha1 CronWorkflow": "@kubernetes-models/argo-workflows/argoproj.io/v1alpha1",
    "source.toolkit.fluxcd.io/v1 GitRepository": "@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1",
    "source.toolkit.fluxcd.io/v1 OCIRepository": "@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1",
    "kustomize.toolkit.fluxcd.io/v1 Kustomization": "@kubernetes-models/flux-cd/kustomize.toolkit.fluxcd.io/v1",
    "helm.toolkit.fluxcd.io/v2 HelmRelease": "@kubernetes-models/flux-cd/helm.toolkit.fluxcd.io/v2",
    "v1 ServiceAccount": "kubernetes-models/v1",
    "rbac.authorization.k8s.io/v1 Role": "kubernetes-models/rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1 RoleBinding": "kubernetes-models/rbac.authorization.k8s.io/v1",
}
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--types", "")


def refused(kinds: Path, *texts: str) -> str:
    """What the compiler says of the objects in these YAML files, each taken for a literal of its type."""
    lines = []
    for text in texts:
        for found in yaml.safe_load_all(text):
            name, kind = f"object{len(lines)}", found["kind"]
            module = TYPES[f"{found['apiVersion']} {kind}"]
            lines.append(f'export const {name}: import("{module}").I{kind} = {json.dumps(found)};\n')
    source = kinds / "objects.ts"
    source.write_text("".join(lines), encoding="utf-8")
    compiler = kinds / "node_modules" / ".bin" / "tsc"
    done = subprocess.run([compiler, *STRICT, source], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def test_every_key_and_value_is_one_that_the_controllers_know(kinds):
    assert refused(kinds, *((TO_COPY / name).read_text(encoding="utf-8") for name in FILES)) == ""


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("argo-cd.yaml", "skipTests:", "skipTest:"),
        ("argo-cd.yaml", "selfHeal: true", "selfHeal: always"),
        ("argo-workflows.yaml", "concurrencyPolicy: Forbid", "concurrencyPolicy: Never"),
        ("argo-workflows.yaml", "secretKeyRef:", "secretRef:"),
        ("flux/mage.yaml", "sourceRef:", "source:"),
        ("flux/release.yaml", "chartRef:", "chartref:"),
    ],
)
def test_a_mistake_is_refused(kinds, name, right, wrong):
    text = (TO_COPY / name).read_text(encoding="utf-8")
    assert right in text
    assert "error TS" in refused(kinds, text.replace(right, wrong))
