"""What `tools/release.py` hands to the jobs of the release workflow."""

import json
import subprocess
import sys
import tomllib

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
