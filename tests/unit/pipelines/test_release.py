"""What `tools/release.py` hands to the jobs of the release workflow, and what these do with it."""

import hashlib
import json
import subprocess
import sys
import tomllib

import yaml
from tests.needs import REPOSITORY

from deploykit import assets, catalog


def release(tag: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(REPOSITORY / "tools" / "release.py"), tag]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_versions_and_an_image_for_each_line_that_has_a_lock():
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    done = release(f"v{version}")
    said = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert said["version"] == version
    assert f"version: {said['chart']}\n" in (assets.chart() / "Chart.yaml").read_text(encoding="utf-8")
    sparks = json.loads(said["spark"])
    known = catalog.load()
    assert {known.spark(spark).line for spark in sparks} == {
        lock.name.split("-spark-")[1].split("-")[0] for lock in (assets.image() / "locks").glob("*-spark-*")
    }


def test_a_tag_that_is_not_the_version_releases_nothing():
    done = release("v0.0.0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "The tag is v0.0.0" in done.stderr


WORKFLOW = (REPOSITORY / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
WHEEL = "deploykit-0.1.0-py3-none-any.whl"


def step(job: str) -> str:
    """The last script of a job."""
    return [step["run"] for step in yaml.safe_load(WORKFLOW)["jobs"][job]["steps"] if "run" in step][-1]


def test_chart_and_images_of_an_owner_with_capitals_are_pushed_to_names_in_lower_case(machine):
    machine.program("helm", '[ "$1" != show ]')
    machine.program("make")
    summary = {"GITHUB_STEP_SUMMARY": f"{machine.folder}/summary", "OWNER": "Some-Company"}
    chart = {"REGISTRY": "ghcr.io", "VERSION": "0.2.0", "GITHUB_ACTOR": "me", "TOKEN": "t", "RUNNER_TEMP": "/temp"}
    assert machine.bash(step("chart"), **summary, **chart).returncode == 0
    assert machine.bash(step("image"), **summary, SPARK="4.1.1").returncode == 0
    assert "helm show chart oci://ghcr.io/some-company/charts/mage-ilum --version 0.2.0" in machine.calls
    assert "helm push /temp/mage-ilum-0.2.0.tgz oci://ghcr.io/some-company/charts" in machine.calls
    assert "make image SPARK=4.1.1 REPOSITORY=ghcr.io/some-company/mage-ilum PUSH=1" in machine.calls


def test_the_wheel_is_attached_to_the_release_once_and_the_summary_says_how_to_install_it(machine):
    for name in (WHEEL, "deploykit-0.1.0.tar.gz"):
        (machine.folder / "work" / name).write_text(name)
    given = {"TAG": "v0.1.0", "GH_REPO": "me/it", "GITHUB_SERVER_URL": "https://github.com"}
    given["GITHUB_STEP_SUMMARY"] = f"{machine.folder}/summary"
    machine.program("gh", '[ "$2" != view ] || [ "$4" = --json ]')  # no release yet, so no assets
    done = machine.bash(step("wheel"), **given)
    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in machine.calls] == ["view", "create", "view", "upload"]
    assert machine.calls[-1].endswith(f"-- {WHEEL} deploykit-0.1.0.tar.gz SHA256SUMS")
    hashed = hashlib.sha256(WHEEL.encode()).hexdigest()
    address = f"https://github.com/me/it/releases/download/v0.1.0/{WHEEL}#sha256={hashed}"
    assert f"DEPLOYKIT_WHEEL={address}\n" in (machine.folder / "summary").read_text(encoding="utf-8")

    machine.program("gh", f'[ "$4" != --json ] || echo {WHEEL}')
    before = len(machine.calls)
    assert machine.bash(step("wheel"), **given).returncode == 0
    assert [call.split()[2] for call in machine.calls[before:]] == ["view", "view"]


def test_nothing_is_published_on_an_index_where_the_name_is_somebody_elses():
    assert not [word for word in ("pypi-publish", "twine", "uv publish") if word in WORKFLOW]
