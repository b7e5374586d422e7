"""What Argo CD and Flux do with the files of docs/pipelines: rendered as they render, applied as they apply."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.kubectl import kubectl
from tests.needs import REPOSITORY, Cluster

from deploykit import assets

TO_COPY = REPOSITORY / "docs" / "pipelines"
NAMESPACE = "gitops-mage"
IMAGE = {"repository": "registry.example.com/team/mage-ilum", "digest": f"sha256:{'0' * 64}"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that a controller reads, after a sync."""
    folder = Path(tmp_path_factory.mktemp("repository"))
    shutil.copytree(TO_COPY / "environments", folder / "environments")
    values = folder / "environments" / "prod" / "values.yaml"
    text = values.read_text(encoding="utf-8")
    values.write_text(text.replace("mageai:\n", f"mageai:\n  image: {IMAGE}\n"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def namespace(needs_cluster: Cluster) -> Iterator[None]:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s", seconds=90)
    kubectl("create", "namespace", NAMESPACE)
    yield
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def argo_renders(cluster: Cluster, repository: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """`helm template` with what the Application says; Argo CD has no cluster at hand for look-ups."""
    application = yaml.safe_load((TO_COPY / "argo-cd.yaml").read_text(encoding="utf-8"))
    [chart, values] = application["spec"]["sources"]
    assert (chart["chart"], values["ref"]) == ("mage-ilum", "values")
    files = [repository / re.sub(r"^\$values/", "", name) for name in chart["helm"]["valueFiles"]]
    command = [cluster.helm, "template", chart["helm"]["releaseName"], assets.chart(), "--namespace", NAMESPACE]
    command += ["--skip-tests"] * chart["helm"]["skipTests"]
    command += [word for file in files for word in ("--values", file)]
    return subprocess.run([*map(str, command), *flags], capture_output=True, text=True, timeout=60, check=False)


def test_argo_cd_sees_no_difference_after_it_has_applied_what_it_rendered(
    needs_cluster: Cluster, namespace: None, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The API server counts an empty list that is given again, such as `ingress: []`, as a change of nothing.
    monkeypatch.setenv("KUBECTL_EXTERNAL_DIFF", "diff -u -N --ignore-matching-lines=generation")
    rendered = argo_renders(needs_cluster, repository)
    assert rendered.returncode == 0, rendered.stderr
    assert argo_renders(needs_cluster, repository).stdout == rendered.stdout
    as_argo = ("--namespace", NAMESPACE, "--filename=-")
    kubectl("apply", *as_argo, text=rendered.stdout)
    assert kubectl("diff", *as_argo, text=rendered.stdout) == ""
    assert IMAGE["digest"] in kubectl("diff", *as_argo, text=rendered.stdout.replace("000", "111"), check=False)


def test_without_a_secret_of_ones_own_argo_cd_gets_a_sentence(needs_cluster: Cluster, repository: Path) -> None:
    refused = argo_renders(needs_cluster, repository, "--set", "mageai.existingSecret=")
    assert refused.returncode != 0
    assert "mageai.existingSecret" in refused.stderr


def test_flux_upgrades_the_release_when_the_values_in_git_change(needs_cluster: Cluster, repository: Path) -> None:
    prod = repository / "environments" / "prod"
    for name in ("namespace.yaml", "release.yaml", "kustomization.yaml", "names.yaml"):
        shutil.copy(TO_COPY / "flux" / name, prod)
    names = set()
    for _ in range(2):
        built = {item["kind"]: item for item in yaml.safe_load_all(kubectl("kustomize", str(prod)))}
        [source] = built["HelmRelease"]["spec"]["valuesFrom"]
        assert built["ConfigMap"]["metadata"]["name"] == source["name"]
        assert built["ConfigMap"]["data"]["values.yaml"] == (prod / "values.yaml").read_text(encoding="utf-8")
        assert built["HelmRelease"]["spec"]["chartRef"]["name"] == built["OCIRepository"]["metadata"]["name"]
        namespaces = {item["metadata"].get("namespace") for item in built.values() if item["kind"] != "Namespace"}
        assert namespaces == {built["Namespace"]["metadata"]["name"]}, "what is in it comes after it"
        names.add(source["name"])
        text = (prod / "values.yaml").read_text(encoding="utf-8")
        (prod / "values.yaml").write_text(text.replace("0" * 64, "1" * 64), encoding="utf-8")
    assert len(names) == 2, "another hash, so another HelmRelease"
