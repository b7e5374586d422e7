"""How long from "Ilum's server is 4.1" until a scheduled run of the example pipeline is green on the image for it.

Both scripts of docs/pipelines do it, one after the other, and nobody types. How long a pipeline waits for its hour
is its schedule's matter, and not in the number. Ilum is moved twice for it, so CI leaves it out; a person runs

    DEPLOYKIT_TEST_FAULTS=all pytest -rP tests/cluster/test_minutes.py
"""

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cluster.release import PIPELINE, PROJECT, Release, trigger, until
from tests.image.pipelines.project import Project
from tests.image.pipelines.steps import PIPELINES
from tests.needs import Cluster, Ilum
from tests.sync.checkout import own_cache
from tests.sync.conftest import forget

from deploykit import assets, cache

BEFORE, AFTER = "3.5.7", "4.1.1"
VALUES = "environments/prod/values.yaml"
TOML = """\
repository = "{repository}"
base = "{base}"
profile = "connect"
network = "host"

[environments.prod]
namespace = "ilum"
values = "{values}"
"""
HERE = {
    "spark-connect.ilum.svc": "spark-connect-server.ilum.svc",
    "mageai:\n": "mageai:\n  resources: {requests: {cpu: 200m}}\n",
}
"""What is another here than in the docs' values: the Service's name, and a node that is small."""

SCRIPT = """
stamp() { while IFS= read -r line; do printf '%s %s\\n' "$EPOCHREALTIME" "$line"; done; }
./sync-and-push.sh --max-wait 300 2>&1 | stamp
echo == pushed | stamp
./deploy.sh 2>&1 | stamp
echo == tested | stamp
"""
LEGS = {
    "sync: detect and compare": "==> Drift of ",
    "sync: plan and build": "==> Verifying the image",
    "sync: verify": "==> Pushing ",
    "sync: push image, bill of materials, values": "== pushed",
    "deploy: helm upgrade until the new pod is ready": "has been upgraded",
    "deploy: helm test": "== tested",
}
"""Each ends with the first line that has this in it."""

SCHEDULE = f"""
import pathlib
name = "{PIPELINE}"
pathlib.Path("{PROJECT}/pipelines", name, "triggers.yaml").write_text({trigger("* * * * *")})
"""


@dataclass(frozen=True)
class Pipeline:
    """The repository that sync writes to and Helm reads, on a machine of its own, and the release."""

    project: Project
    release: Release
    environment: Mapping[str, str]

    def run(self) -> list[tuple[float, str]]:
        """Both scripts: what they said, each line with its time."""
        done = self.project.bash(SCRIPT, self.environment, self.project.clone("clone"), seconds=1800)
        assert done.returncode == 0, done.stdout + self.release.state()
        lines = (line.partition(" ") for line in done.stdout.splitlines())
        return [(float(at), text) for at, _, text in lines]

    def green(self) -> float:
        """When the first run that the pod of now has begun was completed; 0 while none was."""
        [pod] = self.release.items("pods", "--selector=app.kubernetes.io/component=server")
        [status] = pod["status"]["containerStatuses"]
        started = seconds(status["state"]["running"]["startedAt"].removesuffix("Z"))
        completed = (run for run in self.release.runs(PIPELINE) if run[0] == "COMPLETED")
        return min((seconds(end) for _, begun, end in completed if seconds(begun) > started), default=0)


def seconds(utc: str) -> float:
    return datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()


@pytest.fixture
def base(needs_docker: str, registry: str, base_image: str) -> str:
    """The base under a digest that is new, so that no layer upon it has ever been built."""
    reference = f"{registry}/deploykit-test/base:{uuid.uuid4().hex[:12]}"
    dockerfile = f"FROM {base_image}\nLABEL deploykit.test={reference}\n"
    for command, text in ((("build", "--quiet", f"--tag={reference}", "-"), dockerfile), (("push", reference), "")):
        subprocess.run([needs_docker, *command], input=text, text=True, check=True, capture_output=True, timeout=300)
    return reference


@pytest.fixture
def pipeline(needs_cluster: Cluster, base: str, repository: str, tmp_path: Path) -> Iterator[Pipeline]:
    """Nothing is deployed yet."""
    settings = TOML.format(repository=repository, base=base, values=VALUES)
    project = Project.begin(tmp_path, str(tmp_path / "git"), {"deploykit.toml": settings})
    text = (PIPELINES / VALUES).read_text(encoding="utf-8")
    for theirs, here in HERE.items():
        assert theirs in text
        text = text.replace(theirs, here)
    project.commit(VALUES, text)
    release = Release(cluster=needs_cluster, values=tmp_path / "clone" / VALUES, namespace="minutes-mage")
    release.create_namespace()
    login = (f"--from-literal={key}={uuid.uuid4().hex}" for key in ("JWT_SECRET", "DEFAULT_OWNER_PASSWORD"))
    release.kubectl("create", "secret", "generic", "mage-login", *login)
    kept = {name: value for name, value in os.environ.items() if name not in ("PATH", "HOME")}
    ours = {"HELM_NAMESPACE": release.namespace, "CHART": str(assets.chart())}
    yield Pipeline(project, release, {**kept, **ours, "DEPLOYKIT_CACHE": str(tmp_path / "cache")})
    release.delete_namespace()
    forget(repository)
    forget(base.rpartition(":")[0])


@pytest.mark.parametrize("warm", [True, False], ids=["caches warm", "deploykit's cache empty"])
def test_nobody_types_from_ilum_is_4_1_to_a_green_scheduled_run_on_the_image_for_it(
    pipeline: Pipeline, ilum: Callable[[str], Ilum], tmp_path: Path, warm: bool
) -> None:
    own = tmp_path / "cache"
    own.mkdir()
    if warm:  # with this machine's, which may know the image after; but none has tried it
        own_cache(own, *(kind.name for kind in cache.root().iterdir() if kind.name != "verified"))
    ilum(BEFORE)
    pipeline.run()
    pipeline.release.python(SCHEDULE)
    until(240, pipeline.green, "a run by the image before", why=lambda: pipeline.release.logs(PIPELINE))
    if not warm:
        shutil.rmtree(own)

    moved = time.time()
    ilum(AFTER)
    began = time.time()
    said = pipeline.run()
    until(240, pipeline.green, "a run by the image after", why=lambda: pipeline.release.logs(PIPELINE))

    green = pipeline.green()
    assert pipeline.release.python("import pyspark; print(pyspark.__version__)") == AFTER
    assert f"-spark{AFTER}-" in pipeline.project.pushed(VALUES)
    last = began
    for leg, word in LEGS.items():
        ended = next(at for at, text in said if word in text)
        print(f"{ended - last:6.1f} s  {leg}")
        last = ended
    print(f"{green - last:6.1f} s  the next scheduled run, of each minute, is completed")
    print(f"{green - began:6.1f} s  in all, {(green - began) / 60:.1f} minutes")
    # Nothing fails for the new image or its rollout: only what asked for Spark while there was none.
    runs = pipeline.release.runs(PIPELINE)
    print(f"Ilum was moved in the {began - moved:.0f} s before; the runs, each with when it began:")
    print(*(f"{how} {seconds(begun) - began:+.0f} s" for how, begun, _ in runs), sep=", ")
    failed = [seconds(begun) for how, begun, _ in runs if how == "FAILED"]
    assert all(moved < begun < began for begun in failed), pipeline.release.logs(PIPELINE)
