"""A release from the first chart on: upgraded, stopped, led astray, rolled back, uninstalled; what a person made stays.

In this order: each test leaves the state that the next one begins with.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.release import PROJECT, RELEASE, Release
from tests.needs import REPOSITORY, Cluster

from deploykit import assets

FIRST_CHART = REPOSITORY / "tests" / "cluster" / "charts" / "mage-ilum-0.1.0.tgz"

# What a person has made: a block of their own, a template that they edited, and a run that the database knows.
WORK = f"""
import pathlib, subprocess
project = pathlib.Path("{PROJECT}")
(project / "custom" / "mine.py").write_text("mine = True\\n")
[template, *_] = sorted((project / "custom_templates" / "blocks").glob("*/*.py"))
template.write_text("# edited\\n" + template.read_text())
"""
LEFT = f"""
import json, pathlib, sqlite3
project = pathlib.Path("{PROJECT}")
database = sqlite3.connect("file:/home/src/mage_data/default_repo/mage-ai.db?mode=ro", uri=True)
print(json.dumps({{
    "mine": (project / "custom" / "mine.py").read_text(),
    "edited": sorted((project / "custom_templates" / "blocks").glob("*/*.py"))[0].read_text().startswith("# edited"),
    "users": database.execute("select id, email, password_hash from user").fetchall(),
}}))
"""


ASTRAY = "spark-conect-server.ilum.svc"


@pytest.fixture(scope="module")
def first(needs_cluster: Cluster, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The first chart, installed, with a person's work in it."""
    repository, digest = image.split("@")
    values = Path(tmp_path_factory.mktemp("first")) / "values.yaml"
    named = {"repository": repository.rpartition(":")[0], "digest": digest}
    server = {"host": "spark-connect-server.ilum.svc"}
    values.write_text(yaml.safe_dump({"mageai": {"image": named}, "ilum": {"server": server}}), encoding="utf-8")
    found = Release(cluster=needs_cluster, values=values, namespace="mage-lifecycle")
    found.create_namespace()
    found.install(chart=FIRST_CHART)
    found.python(WORK)
    yield found
    found.delete_namespace()


@pytest.fixture(scope="module")
def made(first: Release) -> tuple[dict[str, str], str]:
    """The generated Secret, and what the person's work is."""
    left = first.python(LEFT)
    assert '"edited": true' in left
    assert "admin@admin.com" in left
    return first.secret(), left


def test_an_upgrade_loses_nothing(first: Release, made: tuple[dict[str, str], str]):
    first.install(chart=assets.chart())
    assert first.helm("list", "--output=yaml").stdout.count("mage-ilum-0.1.0") == 0
    assert (first.secret(), first.python(LEFT)) == made

    shared = ("--reuse-values", "--set=mageai.persistence.accessModes={ReadWriteMany}", "--dry-run=server")
    refused = first.helm("upgrade", RELEASE, str(assets.chart()), *shared, check=False)
    assert "mageai.persistence.accessModes is [ReadWriteMany], but the volume" in refused.stderr


def test_mage_stops_well_within_its_grace_period(first: Release, made: tuple[dict[str, str], str]):
    told = time.monotonic()
    first.kubectl("delete", "pod", "--selector=app.kubernetes.io/component=server")
    assert time.monotonic() - told < 10, "it is killed after 15 s"


def test_helm_test_fails_with_the_sentence_that_deploykit_check_prints(
    first: Release, made: tuple[dict[str, str], str]
):
    first.upgrade(f"--set=ilum.server.host={ASTRAY}")
    failed = first.helm("test", RELEASE, "--logs", check=False)
    assert failed.returncode != 0
    command = [sys.executable, "-m", "deploykit", "check", f"sc://{ASTRAY}:15002", "--output=json"]
    alone = {**os.environ, "KUBECONFIG": os.devnull}  # a pod has no rights to ask the cluster either
    done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=30, check=False)
    [sentence] = [step["sentence"] for step in json.loads(done.stdout)["steps"] if step["outcome"] == "failed"]
    assert sentence in failed.stdout


def test_a_rollback_and_an_uninstall_lose_nothing(first: Release, made: tuple[dict[str, str], str]):
    first.helm("rollback", RELEASE, "1", "--wait", "--timeout=240s")
    assert (first.secret(), first.python(LEFT)) == made

    first.helm("uninstall", RELEASE, "--wait")
    assert first.items("deployments") == []
    assert [item["metadata"]["name"] for item in first.items("persistentvolumeclaims")] == [RELEASE]
    assert first.secret() == made[0]
