"""A release from the first chart on: upgraded, rolled back, uninstalled; what a person made stays."""

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


def test_an_upgrade_a_rollback_and_an_uninstall_lose_nothing(first: Release):
    secret, left = first.secret(), first.python(LEFT)
    assert '"edited": true' in left
    assert "admin@admin.com" in left

    first.install(chart=assets.chart())
    assert first.helm("list", "--output=yaml").stdout.count("mage-ilum-0.1.0") == 0
    assert (first.secret(), first.python(LEFT)) == (secret, left)

    shared = ("--reuse-values", "--set=mageai.persistence.accessModes={ReadWriteMany}", "--dry-run=server")
    refused = first.helm("upgrade", RELEASE, str(assets.chart()), *shared, check=False)
    assert "mageai.persistence.accessModes is [ReadWriteMany], but the volume" in refused.stderr

    first.helm("rollback", RELEASE, "1", "--wait", "--timeout=240s")
    assert (first.secret(), first.python(LEFT)) == (secret, left)

    first.helm("uninstall", RELEASE, "--wait")
    assert first.items("deployments") == []
    assert [item["metadata"]["name"] for item in first.items("persistentvolumeclaims")] == [RELEASE]
    assert first.secret() == secret
