"""`deploykit sync` against a real registry, engine and Spark: it follows the server, and does nothing else."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.image.conftest import Built
from tests.image.variants import SITE
from tests.sync.checkout import own_cache
from tests.sync.conftest import forget
from tests.sync.registry_proxy import RegistryProxy
from tests.sync.upstream import Upstream
from tests.unit.image.test_yanked import TARGET, project, published, serving

from deploykit import cache
from deploykit.image import index
from deploykit.registry import Registry

__all__ = ["published"]  # a fixture

NO_ENGINE = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
FAST = ("--no-verify",)

TOML = """\
repository = "{repository}"
base = "{base}"
profile = "slim"
warm = false
network = "host"
values = "values.yaml"
"""
VALUES = """\
# Ours; CI sets the image.
mageai:
  image:
    tag: "none"   # by sync
    pullPolicy: Always
  replicas: 1
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with `deploykit.toml`, and `deploykit` run in it."""

    folder: Path

    @property
    def values(self) -> Path:
        return self.folder / "values.yaml"

    @property
    def record(self) -> Path:
        return self.folder / "values.yaml.sync.json"

    @property
    def image(self) -> dict[str, str]:
        """What the values deploy."""
        return dict(yaml.safe_load(self.values.read_text(encoding="utf-8"))["mageai"]["image"])

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "deploykit", *arguments],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def sync(self, *arguments: str, code: int = 0, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What a sync says of its one environment."""
        done = self.run("sync", *FAST, *arguments, "-o", "json", environment=environment)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        [said] = json.loads(done.stdout)
        return {**said, "stderr": done.stderr}


@pytest.fixture(scope="module")
def proxy(registry: str) -> Iterator[RegistryProxy]:
    """Between deploykit and the registry, to count."""
    with RegistryProxy(registry, login=False) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def counted(proxy: RegistryProxy, registry: str, base_image: str, docker: Callable[..., str]) -> Iterator[Upstream]:
    """The repository of these tests behind the proxy. The base's layers are there, as where one registry has both: by
    the proxy's name the engine cannot mount them.
    """
    upstream = Upstream(registry, f"deploykit-test/{uuid.uuid4().hex[:12]}")
    docker("tag", base_image, f"{registry}/{upstream.name}:base")
    docker("push", "--quiet", f"{registry}/{upstream.name}:base")
    yield upstream
    for host in (registry, proxy.host):
        forget(f"{host}/{upstream.name}")


@pytest.fixture(scope="module")
def make(tmp_path_factory, base_image: str, proxy: RegistryProxy, counted: Upstream) -> Callable[..., Checkout]:
    """A new checkout, whose images go through the proxy."""
    ours = f"{proxy.host}/{counted.name}"

    def make(*, repository: str = ours, base: str = base_image, values: str = "") -> Checkout:
        folder = tmp_path_factory.mktemp("checkout")
        (folder / "deploykit.toml").write_text(TOML.format(repository=repository, base=base), encoding="utf-8")
        if values:
            (folder / "values.yaml").write_text(values, encoding="utf-8")
        return Checkout(folder)

    return make


@dataclass(frozen=True)
class Step:
    """One sync of the story, the files it left, and what passed the proxy. `pushes`: manifests; `sent`: bytes."""

    said: dict[str, Any]
    files: dict[str, bytes]
    pushes: int
    sent: int


@dataclass(frozen=True)
class Story:
    """Ilum goes 4.0, 4.1, 3.5 and back to 4.1, with a sync in between.

    The image of the oldest line is verified; the last machine has no engine.
    """

    checkout: Checkout
    steps: dict[str, Step]


@pytest.fixture(scope="module")
def story(make, proxy: RegistryProxy, spark_server: Callable[[str], str], tmp_path_factory) -> Story:
    checkout = make(values=VALUES)
    steps: dict[str, Step] = {}
    for name, version in (("first", "4.0.5"), ("up", "4.1.1"), ("down", "3.5.7"), ("back", "4.1.1")):
        options = ("--server", spark_server(version), "--max-wait", "90", *(["--verify"] if name == "down" else []))
        proxy.heal()
        environment = NO_ENGINE if name == "back" else {}
        if name == "down":  # the same image may have been verified in an earlier run; here it has to be seen
            kinds = [path.name for path in cache.root().iterdir() if path.name != "verified"]
            environment = own_cache(tmp_path_factory.mktemp("cache"), *kinds)
        said = checkout.sync(*options, environment=environment)
        pushes = sum(call.kind == "PUT manifest by tag" for call in proxy.calls)
        steps[name] = Step(said, checkout.files(), pushes, sum(call.up for call in proxy.calls))
    return Story(checkout, steps)


def test_the_image_follows_the_server(story):
    for name, version in (("first", "4.0.5"), ("up", "4.1.1"), ("down", "3.5.7"), ("back", "4.1.1")):
        said = story.steps[name].said
        assert (said["server"]["version"], said["server"]["confidence"]) == (version, "certain")
        assert (said["spark"], said["verdict"], said["changed"], said["error"]) == (version, "same", True, None)
        image = yaml.safe_load(story.steps[name].files["values.yaml"])["mageai"]["image"]
        assert said["image"] == f"{image['repository']}:{image['tag']}@{image['digest']}"
        assert said["digest"] == image["digest"]
        assert f"-spark{version}-slim-" in image["tag"]


def test_a_line_is_built_and_pushed_once_and_the_way_back_needs_no_engine(story):
    done = {name: (step.said["built"], step.said["pushed"]) for name, step in story.steps.items()}
    assert done == {"first": (True, True), "up": (True, True), "down": (True, True), "back": (False, False)}
    assert [step.pushes for step in story.steps.values()] == [1, 1, 1, 0]
    assert story.steps["back"].sent == 0
    assert story.steps["back"].said["image"] == story.steps["up"].said["image"]
    assert "was deployed before, and fits" in story.steps["back"].said["stderr"]


def test_every_image_of_the_story_is_whole(story, counted):
    assert [counted.missing(step.said["digest"]) for step in story.steps.values()] == [[]] * 4


def test_an_image_is_verified_before_it_is_pushed(story):
    said = story.steps["down"].said["stderr"]
    assert 0 < said.index("ok: imports") < said.index("Pushing")


def test_an_image_that_fails_its_checks_is_not_pushed_and_the_values_stay(make, variants, registry, repository):
    """A base whose Python cannot import what the client needs."""
    broken = variants.with_file("without-grpc", f"{SITE}/without_grpc.pth", "import sys; sys.modules['grpc'] = None\n")
    checkout = make(repository=repository, base=broken, values=VALUES)
    before = checkout.files()
    said = checkout.sync("--spark", "4.1.1", "--verify", code=6)
    assert "imports" in said["error"]["what"] + said["error"]["why"]
    assert checkout.files() == before
    assert Upstream(registry, repository.partition("/")[2]).tags() == []


def test_it_says_what_drifted(story):
    assert [step.said["drift"][0]["kind"] for step in story.steps.values()] == ["values", "server", "server", "server"]
    assert story.steps["up"].said["drift"] == [
        {"kind": "server", "from": "Spark 4.0.5", "to": "4.1.1", "policy": "rebuild"}
    ]


def test_only_the_image_of_the_values_changes(story):
    lines = story.steps["back"].files["values.yaml"].decode().splitlines()
    assert [line for line in lines if not any(key in line for key in ("repository:", "tag:", "digest:"))] == [
        line for line in VALUES.splitlines() if "tag:" not in line
    ]
    assert f'    tag: "{story.checkout.image["tag"]}"   # by sync' in lines


def test_the_record_tells_the_story(story):
    syncs = json.loads(story.checkout.record.read_text(encoding="utf-8"))["syncs"]
    assert [entry["server"] for entry in syncs] == ["4.0.5", "4.1.1", "3.5.7", "4.1.1"]
    assert syncs[2]["why"] == ["server: Spark 4.1.1 -> 3.5.7"]


def test_nothing_else_is_left_in_the_checkout(story):
    for step in story.steps.values():
        assert set(step.files) == {"deploykit.toml", "values.yaml", "values.yaml.sync.json"}


def test_with_nothing_to_do_nothing_is_written_no_engine_is_asked_and_the_registry_one_question(
    story, proxy, spark_server
):
    before = {path.name: path.stat().st_mtime_ns for path in story.checkout.folder.iterdir()}
    proxy.heal()
    said = story.checkout.sync("--server", spark_server("4.1.1"), "--max-wait", "90", environment=NO_ENGINE)
    assert (said["changed"], said["drift"], said["before"]) == (False, [], said["image"])
    assert {path.name: path.stat().st_mtime_ns for path in story.checkout.folder.iterdir()} == before
    assert [call.kind for call in proxy.calls] == ["HEAD manifest by digest"]


def test_a_machine_that_knows_nothing_finds_the_image_by_the_labels_of_the_registry(story, make):
    """No record, no cache, no engine."""
    checkout = make()
    fresh = {**NO_ENGINE, "DEPLOYKIT_CACHE": str(checkout.folder / "cache")}
    said = checkout.sync("--spark", "3.5.7", environment=fresh)
    assert (said["image"], said["built"]) == (story.steps["down"].said["image"], False)
    assert "is in the registry, and fits" in said["stderr"]


def test_check_only_compares_and_says_which_image_would_be_taken(story, make):
    checkout = make(values=VALUES)
    before = checkout.files()
    said = checkout.sync("--spark", "4.0.5", "--check", code=5, environment=NO_ENGINE)
    assert (said["changed"], said["image"]) == (False, story.steps["first"].said["image"])
    assert story.checkout.sync("--spark", "4.1.1", "--check", environment=NO_ENGINE)["drift"] == []
    assert checkout.files() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--spark", "9.9.9"), "is of a line that this deploykit does not know"),
        (("--spark", "4.3.0"), "needs Python"),
        (("--spark", "4.0.5", "--client", "4.1.1"), "is newer than the server"),
    ],
)
@pytest.mark.parametrize("check", [(), ("--check",)])
def test_what_is_not_safe_is_refused_and_all_stays_as_it_is(story, arguments, sentence, check):
    before = story.checkout.files()
    said = story.checkout.sync(*arguments, *check, code=3)
    assert sentence in said["error"]["what"]
    assert (said["changed"], said["built"]) == (False, False)
    assert story.checkout.files() == before


def test_values_that_name_what_the_registry_does_not_have_are_mended(story, make):
    checkout = make()
    good = story.checkout.values.read_text(encoding="utf-8")
    checkout.values.write_text(good.replace(story.checkout.image["digest"], "sha256:" + "0" * 64), encoding="utf-8")
    said = checkout.sync("--spark", "4.1.1", environment=NO_ENGINE)
    assert [drift["kind"] for drift in said["drift"]] == ["image"]
    assert checkout.values.read_text(encoding="utf-8") == good


@pytest.fixture
def moving_base(story, base_image: str) -> str:
    """A tag that named the base when the image was made, and names something else now."""
    name = f"{story.checkout.image['repository']}-base"
    repository, _, tag = base_image.rpartition(":")
    source, target = Registry(repository), Registry(name)
    known = source.manifest(tag)
    assert known is not None
    target.put_blob(source.blob(known.content["config"]["digest"]))
    target.put_manifest("moving", json.dumps({**known.content, "layers": []}).encode(), known.media_type)
    return f"{name}:moving"


def test_a_base_that_moved_is_reported_by_a_closer_look_alone(story, make, base_image, moving_base):
    checkout = make(base=moving_base)
    for name, content in story.steps["up"].files.items():
        if name != "deploykit.toml":
            text = content.decode().replace(f'"{base_image}"', f'"{moving_base}"')
            (checkout.folder / name).write_text(text, encoding="utf-8")
    assert checkout.sync("--spark", "4.1.1", environment=NO_ENGINE)["drift"] == []
    said = checkout.sync("--spark", "4.1.1", "--full", environment=NO_ENGINE)
    assert [(drift["kind"], drift["policy"]) for drift in said["drift"]] == [("base", "report")]
    assert (said["changed"], said["image"]) == (False, story.steps["up"].said["image"])


def test_a_wheel_that_was_taken_back_is_known_by_the_bill_of_materials(story, published):
    """The index of this machine says so of one of those that the image holds."""
    held = {**sbom_pins(story.checkout.image), "pyspark": "4.1.1"}
    assert len(held) > 2
    for name, version in held.items():
        file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl" if name != "pyspark" else "pyspark-4.1.1.tar.gz"
        project(published, name, {file: 'data-yanked="breaks"' if name == "py4j" else ""})
    said = story.checkout.sync("--spark", "4.1.1", "--full", environment=NO_ENGINE)
    [wheel] = [drift for drift in said["drift"] if drift["kind"] == "wheel"]
    assert wheel == {"kind": "wheel", "from": f"py4j=={held['py4j']}", "to": "yanked: breaks", "policy": "report"}
    assert said["changed"] is False


def sbom_pins(image: dict[str, str]) -> dict[str, str]:
    """The distributions that the image's bill of materials names."""
    registry = Registry(image["repository"])
    [descriptor] = registry.referrers(image["digest"], artifact_type="application/vnd.cyclonedx+json")
    manifest = registry.manifest(descriptor["digest"])
    assert manifest is not None
    components = json.loads(registry.blob(manifest.content["layers"][0]["digest"]))["components"]
    return {part["name"]: part["version"] for part in components if part["purl"].startswith("pkg:pypi/")}


def test_outputs_and_summary_go_where_the_pipeline_reads_them(story, make):
    checkout = make()
    pipeline = {
        "GITHUB_OUTPUT": str(checkout.folder / "output"),
        "GITHUB_STEP_SUMMARY": str(checkout.folder / "summary"),
    }
    said = checkout.sync("--spark", "4.1.1", environment={**NO_ENGINE, **pipeline})
    assert (checkout.folder / "output").read_text(encoding="utf-8") == (
        f"image={said['image']}\ndigest={said['digest']}\nspark=4.1.1\nchanged=true\n"
    )
    summary = (checkout.folder / "summary").read_text(encoding="utf-8")
    assert (
        f"| default | Spark 4.1.1 (asked: --spark) | 4.1.1 | same | `{said['image']}` | "
        f"written to values.yaml, nothing built |" in summary
    )


def test_an_environment_that_fails_does_not_stop_the_next(story, make, closed_port):
    checkout = make()
    with (checkout.folder / "deploykit.toml").open("a", encoding="utf-8") as file:
        file.write(f'[environments.gone]\nserver = "sc://127.0.0.1:{closed_port}"\nvalues = "gone.yaml"\n')
        file.write('[environments.prod]\nspark = "4.1.1"\nvalues = "prod/values.yaml"\n')
    done = checkout.run("sync", "-o", "json", environment=NO_ENGINE)
    gone, prod = json.loads(done.stdout)
    assert done.returncode == 4
    assert (gone["error"]["code"], gone["changed"]) == (4, False)
    assert (prod["error"], prod["changed"]) == (None, True)
    assert not (checkout.folder / "gone.yaml").exists()

    shown = checkout.run("status", environment=NO_ENGINE)
    assert shown.returncode == 0
    first, second = shown.stdout.splitlines()[1:]
    assert first.split() == ["gone", "not", "known", "none", "not", "asked", "none", "not", "known"]
    assert second.startswith("prod         4.1.1 (asked)  0.9.80-spark4.1.1-slim-")
    assert second.endswith("none")


def test_a_token_is_written_nowhere(story, make):
    checkout = make()
    token = "s3cr3t-t0ken"
    pipeline = {
        "GITHUB_OUTPUT": str(checkout.folder / "output"),
        "GITHUB_STEP_SUMMARY": str(checkout.folder / "summary"),
    }
    address = f"sc://127.0.0.1:1/;token={token}"
    done = checkout.run("sync", "--server", address, "-o", "json", environment={**NO_ENGINE, **pipeline})
    assert done.returncode == 4
    assert token not in done.stdout + done.stderr
    assert not any(token.encode() in content for content in checkout.files().values())


def deploying(image: Mapping[str, str]) -> str:
    """Values that deploy an image."""
    return yaml.safe_dump({"mageai": {"image": {key: image[key] for key in ("repository", "tag", "digest")}}})


def test_another_java_leads_to_a_new_image(make, connect: Built, registry: str, repository: str):
    """The deployed one has an older Java by its label."""
    source, _, tag = connect.tagged.rpartition(":")
    here, there = (Upstream(registry, name.partition("/")[2]) for name in (repository, source))
    labels = {"io.deploykit.java": "17.0.1+12-1", "io.deploykit.inputs": "0" * 64}
    older = f"{tag[:-8]}00000000"
    digest = here.copy(tag, there, as_tag=older, labels=labels)
    checkout = make(repository=repository, values=deploying({"repository": repository, "tag": older, "digest": digest}))
    settings = checkout.folder / "deploykit.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"slim"', '"connect"').replace("warm = false\n", ""), encoding="utf-8")

    assert checkout.sync("--spark", "4.1.1")["drift"] == []
    said = checkout.sync("--spark", "4.1.1", "--full")
    assert [(drift["kind"], drift["from"], drift["policy"]) for drift in said["drift"]] == [
        ("java", "Java 17.0.1+12-1", "rebuild")
    ]
    assert (said["changed"], said["pushed"], checkout.image["tag"]) == (True, True, tag)
    assert checkout.sync("--spark", "4.1.1", "--full", environment=NO_ENGINE)["changed"] is False
    forget(repository)


def take_back(folder: Path, name: str, version: str) -> None:
    """An index's page of a project: the version that was taken back and the one before it, where they really lie."""
    before = index.newest(name, f"<{version}", TARGET, ca_file=None)
    files = [*index.locate({name: version}, TARGET, ca_file=None), *index.locate({name: before}, TARGET, ca_file=None)]
    links = [
        f'<a href="{file.url}#sha256={file.sha256}" {"data-yanked" if file.version == version else ""}>{file.file}</a>'
        for file in files
    ]
    page = folder / "simple" / name
    page.mkdir(parents=True)
    (page / "index.html").write_text(f"<html><body>{''.join(links)}</body></html>", encoding="utf-8")


def test_a_wheel_that_was_taken_back_is_not_in_the_next_image(story, make, tmp_path):
    """By policy. The index of this machine says so of one wheel, and all else is what is really published."""
    before = story.steps["up"]
    checkout = make()
    for name, content in before.files.items():
        (checkout.folder / name).write_bytes(content)
    with (checkout.folder / "deploykit.toml").open("a", encoding="utf-8") as file:
        file.write('[drift]\nwheel = "rebuild"\n')
    held = sbom_pins(checkout.image)
    taken = "googleapis-common-protos"
    take_back(tmp_path, taken, held[taken])
    with serving(tmp_path) as address:
        said = checkout.sync("--spark", "4.1.1", "--full", environment={"UV_INDEX": address})
    [wheel] = [drift for drift in said["drift"] if drift["kind"] == "wheel"]
    assert (wheel["from"], wheel["policy"]) == (f"{taken}=={held[taken]}", "rebuild")
    assert (said["changed"], said["built"]) == (True, True)
    assert said["image"] != before.said["image"]
    now = sbom_pins(checkout.image)
    assert {name for name in held if now[name] != held[name]} == {taken}
    assert checkout.sync("--spark", "4.1.1", environment=NO_ENGINE)["drift"] == []
