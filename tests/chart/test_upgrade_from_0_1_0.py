"""An upgrade from the first chart keeps what it made: objects by name, volumes, and selectors, which never change."""

import subprocess
from functools import cache

import pytest
import yaml
from tests.chart.rendering import example, named, namespace_of, of_kind, parsed, rendered
from tests.needs import REPOSITORY

from deploykit.deploy import helm

pytestmark = pytest.mark.usefixtures("needs_helm")

FIRST = REPOSITORY / "tests" / "cluster" / "charts" / "mage-ilum-0.1.0.tgz"
KNOWN_TO_THE_FIRST = ["company", "executor", "minimal", "module", "spark-service"]


@cache
def before(name):
    """What the first chart rendered, without what it did not know."""
    given = yaml.safe_load(example(name))
    given.get("executor", {}).pop("podAnnotations", None)
    command = [helm.find(), "template", "mage", FIRST, f"--namespace={namespace_of(name)}", "--values=-"]
    done = subprocess.run(
        [*command, "--set=mageai.generateSecretWithoutCluster=true"],
        input=yaml.safe_dump(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return parsed(tuple(done.stdout.split("\n---\n")))


@pytest.mark.parametrize("name", KNOWN_TO_THE_FIRST)
def test_every_object_is_still_there(name):
    after = {(item["kind"], item["metadata"]["name"]) for item in rendered(name)}
    assert {(item["kind"], item["metadata"]["name"]) for item in before(name)} <= after


@pytest.mark.parametrize("name", ["company", "executor", "minimal", "spark-service"])
def test_what_never_changes_is_the_same(name):
    old, new = before(name), rendered(name)
    for kind, field in (("Deployment", "selector"), ("Service", "selector"), ("PersistentVolumeClaim", "accessModes")):
        for item in of_kind(old, kind):
            assert item["spec"][field] == named(new, kind, item["metadata"]["name"])["spec"][field]
    for item in of_kind(old, "RoleBinding"):
        assert item["roleRef"] == named(new, "RoleBinding", item["metadata"]["name"])["roleRef"]
    for item in of_kind(old, "Secret"):
        assert item["data"].keys() == named(new, "Secret", item["metadata"]["name"])["data"].keys()


@pytest.mark.parametrize("name", ["company", "executor", "minimal", "spark-service"])
def test_mage_finds_its_volume_and_its_database_where_they_were(name):
    def state(documents):
        pod = of_kind(documents, "Deployment")[0]["spec"]["template"]["spec"]
        variables = {item["name"]: item for item in pod["containers"][0]["env"]}
        lasting = [volume for volume in pod["volumes"] if "emptyDir" not in volume]
        return lasting, pod["containers"][0]["volumeMounts"], variables

    (old_volumes, old_mounts, old), (volumes, mounts, new) = state(before(name)), state(rendered(name))
    assert (volumes, mounts) == (old_volumes, old_mounts)
    assert new == old
