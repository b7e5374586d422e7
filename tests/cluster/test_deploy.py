"""The deployments of docs/pipelines, their scripts run by Helm on a cluster: what a run left undone the next one does.

The chart is a small one of the same name; what the real one does is another test's subject.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from tests.cluster.kubectl import create_namespace, kubectl
from tests.image.pipelines.project import Project
from tests.image.pipelines.steps import github, gitlab
from tests.needs import Cluster

from deploykit import assets

NAMESPACE = "deploy-mage"
VALUES = "environments/prod/values.yaml"
IMAGE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: "image-{{ .Values.mageai.image.tag }}"}
"""
TEST = """\
apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation}
spec: {restartPolicy: Never, containers: [{name: test, image: "%s", command: ["true"]}]}
"""
FORBID = """\
apiVersion: v1
kind: ResourceQuota
metadata: {{name: forbid}}
spec: {{hard: {{{what}: 0}}}}
"""


@dataclass(frozen=True)
class Pipeline:
    """The jobs that deploy, by their systems, and the cluster that they deploy to."""

    project: Project
    deploy: Callable[[str], tuple[int, str]]

    def sync(self, tag: str) -> None:
        """A push, as sync-and-push.sh makes one for this environment even where another failed."""
        self.project.commit(VALUES, f"mageai: {{image: {{tag: {tag}}}}}\n")

    def revisions(self) -> list[tuple[str, str]]:
        """What became of every upgrade, and of which chart it was."""
        listed = json.loads(self._helm("history", "mage", "--output=json"))
        return [(item["status"], item["chart"].rpartition("-")[0]) for item in listed]

    def tested(self) -> bool:
        return "Succeeded" in self._helm("status", "mage")

    def _helm(self, *arguments: str) -> str:
        command = ["helm", f"--namespace={NAMESPACE}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.fixture
def pipeline(needs_cluster: Cluster, image: str, tmp_path: Path) -> Iterator[Pipeline]:
    project = Project.begin(tmp_path, str(tmp_path / "git"), {})
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    version = yaml.safe_load((assets.chart() / "Chart.yaml").read_text(encoding="utf-8"))["version"]
    (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: mage-ilum\nversion: {version}\n", encoding="utf-8")
    for name, text in {"image": IMAGE, "test": TEST % image}.items():
        (chart / "templates" / f"{name}.yaml").write_text(text, encoding="utf-8")
    # As GitLab's agent names the context.
    config = tmp_path / "kubeconfig"
    config.write_bytes(needs_cluster.kubeconfig.read_bytes())
    current = kubectl("config", "current-context").strip()
    kubectl("config", "rename-context", f"--kubeconfig={config}", current, "team/mage:prod")
    login = {"REGISTRY": "registry.example.com", "REGISTRY_USER": "ci", "REGISTRY_PASSWORD": "of the chart"}
    expressions = {
        "runner.temp": str(tmp_path / "temp"),
        "secrets.KUBECONFIG": config.read_text(encoding="utf-8"),
        **{f"{'secrets' if 'PASSWORD' in name else 'vars'}.{name}": value for name, value in login.items()},
    }
    (tmp_path / "temp").mkdir()
    clone = {"CI_DEFAULT_BRANCH": "main", "CI_PROJECT_DIR": str(tmp_path / "clone")}
    predefined = {**clone, **login, "KUBECONFIG": str(config)}
    jobs = {"github": (github("deploy", expressions), {}), "gitlab": (gitlab("deploy", predefined), predefined)}

    def deploy(system: str) -> tuple[int, str]:
        steps, environment = jobs[system]
        ours = {"CHART": str(chart), "HELM_NAMESPACE": NAMESPACE}
        played = [replace(step, environment={**step.environment, **ours}) for step in steps]
        return project.play(played, environment, project.clone("clone"))

    create_namespace(NAMESPACE)
    yield Pipeline(project, deploy)
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def forbid(what: str) -> None:
    """Have the namespace take no more of these."""
    kubectl("delete", f"--namespace={NAMESPACE}", "quota", "forbid", "--ignore-not-found")
    if what:
        kubectl("apply", f"--namespace={NAMESPACE}", "--filename=-", text=FORBID.format(what=what))


def test_what_an_earlier_run_left_undone_is_deployed_and_tested_by_the_next_and_nothing_else_is(
    pipeline: Pipeline,
) -> None:
    good = ("deployed", "mage-ilum")
    pipeline.sync("first")
    code, said = pipeline.deploy("github")
    assert code == 0, said
    assert (pipeline.revisions(), pipeline.tested()) == ([good], True)
    code, said = pipeline.deploy("gitlab")
    assert (code, said, pipeline.revisions()) == (0, "", [good])

    pipeline.sync("second")
    forbid("count/configmaps")
    code, said = pipeline.deploy("gitlab")
    assert code != 0
    assert "forbidden" in said
    forbid("pods")
    code, said = pipeline.deploy("github")
    assert code != 0, "the upgrade is made up for; its test fails"
    assert "configmap/image-second\n" in kubectl("get", f"--namespace={NAMESPACE}", "configmaps", "--output=name")
    upgrades = pipeline.revisions()
    assert [status for status, _ in upgrades] == ["superseded", "failed", "deployed"]
    assert not pipeline.tested()

    forbid("")
    code, said = pipeline.deploy("gitlab")
    assert code == 0, said
    assert (pipeline.revisions(), pipeline.tested()) == (upgrades, True)
