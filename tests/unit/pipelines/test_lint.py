"""Every pipeline, ours and those to copy, passes the linters of its system; and the linters would say otherwise."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from tests.image.pipelines.steps import after_a_failure
from tests.needs import REPOSITORY
from tests.unit.pipelines.conftest import tool

from deploykit import assets

TO_COPY = REPOSITORY / "docs" / "pipelines"
GITHUB = REPOSITORY / ".github"
WORKFLOWS = [*sorted((GITHUB / "workflows").glob("*.yml")), TO_COPY / "github-actions.yml"]
SCRIPTS = sorted(TO_COPY.glob("*.sh"))


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False)


def as_workflow(text: str, folder: Path) -> Path:
    """A workflow where GitHub expects one."""
    path = folder / ".github" / "workflows" / "workflow.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_actionlint_accepts_every_workflow_and_the_shell_in_it(actionlint):
    done = run(actionlint, "-shellcheck", tool("shellcheck"), "-pyflakes", "", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("needs: sync", "needs: synced"),
        ("steps.sync.outputs.prod_image", "steps.synced.outputs.prod_image"),
        ('/dev/stdin "$KUBECONFIG"', "/dev/stdin $KUBECONFIG"),
    ],
)
def test_actionlint_refuses_a_mistake(actionlint, tmp_path, right, wrong):
    text = (TO_COPY / "github-actions.yml").read_text(encoding="utf-8")
    assert right in text
    done = run(actionlint, "-shellcheck", tool("shellcheck"), as_workflow(text.replace(right, wrong), tmp_path))
    assert done.returncode == 1, done.stdout


def test_zizmor_finds_nothing_even_where_it_is_strictest():
    done = run(tool("zizmor"), "--offline", "--quiet", "--no-progress", "--persona=auditor", GITHUB, *WORKFLOWS)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("persist-credentials: false", "persist-credentials: true"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@v6"),
        ("permissions: {}", "permissions: write-all"),
        ("./deploy.sh", './deploy.sh "${{ github.event.client_payload.chart }}"'),
    ],
)
def test_zizmor_refuses_a_hole(tmp_path, right, wrong):
    text = (TO_COPY / "github-actions.yml").read_text(encoding="utf-8")
    assert right in text
    path = as_workflow(text.replace(right, wrong), tmp_path)
    assert run(tool("zizmor"), "--offline", "--quiet", "--no-progress", "--persona=auditor", path).returncode != 0


def test_gitlabs_own_schema_accepts_the_pipeline_and_refuses_a_mistake(tmp_path):
    check = (tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
    done = run(*check, TO_COPY / "gitlab-ci.yml")
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "gitlab-ci.yml"
    text = (TO_COPY / "gitlab-ci.yml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("when: always", "when: allways"), encoding="utf-8")
    assert run(*check, wrong).returncode == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_accepts_every_script(script):
    done = run(tool("shellcheck"), "--enable=all", "--exclude=SC2250,SC2310,SC2312", script)
    assert done.returncode == 0, done.stdout
    assert script.stat().st_mode & 0o111


def test_the_nightly_run_that_looks_closer_is_one_of_the_schedules():
    workflow = yaml.safe_load((TO_COPY / "github-actions.yml").read_text(encoding="utf-8"))
    [asked] = {step["env"]["FULL"] for step in workflow["jobs"]["sync"]["steps"] if "FULL" in step.get("env", {})}
    [nightly] = re.findall(r"github.event.schedule == '(.*?)'", asked)
    assert nightly in [schedule["cron"] for schedule in workflow[True]["schedule"]]  # YAML 1.1 reads `on` as true


def test_the_deployment_follows_a_sync_of_which_one_environment_failed():
    assert after_a_failure() == {"github", "gitlab"}


def test_each_action_is_one_commit_the_same_everywhere():
    used = {
        line.partition("uses:")[2].strip()
        for workflow in WORKFLOWS
        for line in workflow.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    }
    assert len({use.partition("@")[0] for use in used}) == len(used) > 3


def test_the_pipelines_pin_the_versions_that_this_repository_releases():
    package = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    chart = yaml.safe_load((assets.chart() / "Chart.yaml").read_text(encoding="utf-8"))["version"]
    texts = {path.name: path.read_text(encoding="utf-8") for path in TO_COPY.rglob("*.*")}
    version = re.compile(r"^ *(?:version=|targetRevision: |tag: )(\d\S+)$", re.MULTILINE)
    wheel = re.compile(r"deploykit-(\S+?)-py3-none-any\.whl#sha256=")
    pins = [(name, pin) for name, text in texts.items() for pin in wheel.findall(text)]
    assert {name for name, _ in pins} == {"github-actions.yml", "gitlab-ci.yml", "argo-workflows.yaml"}
    assert {pin for _, pin in pins} == {package}
    charts = [pin for text in texts.values() for pin in version.findall(text)]
    assert len(charts) == 3
    assert set(charts) == {chart}
