"""An image that was made without an engine is the one that Docker makes: the same files, the same configuration."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.image.conftest import SPARK, Built, Deploykit, Finished, deploykit
from tests.sync.calls import On
from tests.sync.faults import hang
from tests.sync.registry_proxy import RegistryProxy
from tests.sync.upstream import Upstream
from tools.warm_list import recorded

from deploykit import cache
from deploykit.cli.output import Lines
from deploykit.image import verify, warm_list
from deploykit.image.append import base_image as appending
from deploykit.image.append import compose, existing_layers, index, read_inventory, stream
from deploykit.image.append.base_image import BaseImage
from deploykit.image.append.compose import OCI_CONFIG
from deploykit.image.append.facts import Facts
from deploykit.image.engine import Engine
from deploykit.image.inventory import script
from deploykit.image.layers import layers
from deploykit.image_reference import ImageReference
from deploykit.plan import Plan
from deploykit.planning import exact
from deploykit.registry import Registry
from deploykit.registry.manifest import OCI_MANIFEST, compact
from deploykit.registry.mounts import Blobs
from deploykit.request import Profile, Request

PROFILES = ("slim", "connect")
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class File:
    """One path of our layers, as it is in a container."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    mtime: int
    link: str
    sha256: str


@dataclass(frozen=True)
class Pair:
    """The same plan made by Docker and without it, each in a repository of its own."""

    docker: str
    appended: str
    run: Finished


@pytest.fixture(scope="session")
def append_cache(connect: Built, full: str, tmp_path_factory) -> Path:
    """Of a machine that has no engine; `connect` and `full` have fetched what is linked."""
    return with_wheels(tmp_path_factory.mktemp("cache"))


def with_wheels(folder: Path) -> Path:
    """A cache that has the published files which the build with Docker has fetched, and nothing that was made."""
    for kind in ("blobs", "wheels"):
        subprocess.run(["cp", "--recursive", "--link", cache.root() / kind, folder / kind], check=True)
    return folder


@pytest.fixture(scope="session")
def append(base_image: str, base_python: Path, append_cache: Path) -> Deploykit:
    """`deploykit image --push` on a machine without an engine and with a cache of its own."""

    def append(*arguments: str, cache: Path = append_cache, base: str = base_image) -> Finished:
        return subprocess.run(
            [sys.executable, "-m", "deploykit", "image", "--base", base, "--push", *arguments],
            env={
                **os.environ,
                "DEPLOYKIT_CACHE": str(cache),
                "DEPLOYKIT_PYTHON": str(base_python),
                "DOCKER_HOST": "unix:///no/such.sock",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return append


@pytest.fixture(scope="session", params=PROFILES)
def pair(request, build: Deploykit, append: Deploykit, registry: str) -> Iterator[Pair]:
    """The second repository has an older image of Docker's, as it has after a patch of Spark."""
    exact = request.getfixturevalue("connect").exact if request.param == "connect" else slim(build)
    repository = f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    copy(exact, repository, tag=f"0.9.80-spark4.1.0-{request.param}-00000000")
    done = append("--spark", SPARK, "--profile", request.param, "--repository", repository)
    assert done.returncode == 0, done.stderr
    return Pair(docker=exact, appended=done.stdout.split()[-1], run=done)


def slim(build: Deploykit) -> str:
    """The other profile that Docker's path makes for this; `connect` is the one that all tests of this folder share."""
    built = build("--spark", SPARK, "--profile", "slim", "--no-verify", "--push")
    assert built.returncode == 0, built.stderr
    return built.stdout.split()[-1]


def copy(exact: str, repository: str, *, tag: str) -> None:
    """An image, under another tag in another repository of the same registry."""
    source, digest = Registry(exact.rpartition("@")[0].rpartition(":")[0]), exact.rpartition("@")[2]
    target = Registry(repository)
    manifest = source.manifest(digest)
    for part in (manifest.content["config"], *manifest.content["layers"]):
        Blobs(target).take(part["digest"], part["size"], source=Blobs(source), progress=Lines())
    target.put_manifest(tag, manifest.raw, manifest.media_type)


def files(exact: str, base: str) -> dict[str, File]:
    """Every path that the layers above the base's have in a container."""
    name, _, digest = exact.rpartition("@")
    registry = Registry(name.rpartition(":")[0])
    manifest = registry.manifest(digest)
    below = Registry(base.rpartition(":")[0]).manifest(base.rpartition(":")[2]).content["layers"]
    assert manifest.content["layers"][: len(below)] == below, "the base's own layers are all there, as they are"
    found: dict[str, File] = {}
    for layer in manifest.content["layers"][len(below) :]:
        found |= of_layer(registry, layer["digest"], layer["size"])
    return found


def of_layer(registry: Registry, digest: str, size: int) -> dict[str, File]:
    """Every path of one layer."""
    return {
        member.name.strip("/"): File(
            kind=member.type,
            mode=member.mode & 0o7777,
            owner=(member.uid, member.gid),
            mtime=0 if member.isdir() else int(member.mtime),
            link=member.linkname,
            sha256=hashlib.sha256(read()).hexdigest() if member.isreg() else "",
        )
        for member, read in stream.entries(Blobs(registry).content(digest, size), progress=Lines())
    }


def _tag(exact: str) -> str:
    return exact.partition("@")[0].rpartition(":")[2]


def config(exact: str) -> dict[str, object]:
    """The configuration of one image, not of an index."""
    name, _, digest = exact.rpartition("@")
    return dict(Registry(name.rpartition(":")[0]).config(digest, platform="linux/amd64"))


def test_the_files_are_those_of_the_image_that_docker_makes(pair, base_image):
    docker, appended = files(pair.docker, base_image), files(pair.appended, base_image)
    folders = {path for path, file in docker.items() if file.kind == tarfile.DIRTYPE}
    only = sorted(set(docker) ^ set(appended))
    # A folder of the base is named in a layer or not, as the builder likes it; it is the same one in a container.
    assert [path for path in only if path not in folders] == []
    different = {
        path: (docker[path], appended[path]) for path in set(docker) & set(appended) if docker[path] != appended[path]
    }
    assert different == {}
    assert len(appended) > 1000


def test_the_configuration_is_that_of_the_image_that_docker_makes(pair):
    assert settings(config(pair.docker)["config"]) == settings(config(pair.appended)["config"])
    assert _tag(pair.docker) == _tag(pair.appended)


def settings(config: Mapping[str, Any]) -> dict[str, object]:
    """What an image's configuration says of its containers, but for what made the image."""
    names = ("User", "WorkingDir", "Cmd", "Entrypoint", "ExposedPorts", "Volumes")
    labels = {name: text for name, text in config["Labels"].items() if name != "io.deploykit.engine"}
    return {**{name: config.get(name) for name in names}, "Env": set(config["Env"]), "Labels": labels}


def test_only_layers_that_are_nowhere_are_sent(pair):
    assert "==> Layer warm: there already" in pair.run.stderr
    assert "==> Layer pyspark: sent" in pair.run.stderr


def test_layers_of_the_base_that_the_repository_has_are_not_touched(pair):
    assert "==> The base's 4 layers: 4 there" in pair.run.stderr


def test_what_must_hold_inside_holds_in_both(pair, engine, docker):
    docker("pull", "--quiet", pair.appended)
    plan = _plan(pair, engine)
    with ThreadPoolExecutor() as pool:
        checks = list(pool.map(lambda image: verify.inside(image, plan, engine), (pair.docker, pair.appended)))
    assert [{check.name: check.problem for check in found if check.problem} for found in checks] == [{}, {}]
    assert len(checks[1]) >= 6


@pytest.fixture
def without_engine(base_image: str, base_python: Path, append_cache: Path, monkeypatch) -> tuple[BaseImage, Facts]:
    """The base as its registry has it, and what its files say, in this process as on a machine without an engine."""
    monkeypatch.setenv("DEPLOYKIT_CACHE", str(append_cache))
    monkeypatch.setenv("DEPLOYKIT_PYTHON", str(base_python))
    registry, tag = Registry(base_image.rpartition(":")[0]), base_image.rpartition(":")[2]
    image = appending.find(registry, registry.digest(tag), platform="linux/amd64")
    return image, appending.facts(image, beside=None, progress=Lines())


def test_what_an_engine_reads_in_the_base_its_files_tell_too(docker, base_image, without_engine):
    """Word for word, without running anything of the base."""
    image, facts = without_engine
    told = read_inventory.report(facts, image.config, reference=base_image)
    said = docker("run", "--rm", "--network", "none", base_image, "python3", "-c", script())
    assert told == json.loads(said.splitlines()[-1])


@pytest.fixture
def full_plan(engine: Engine, base_image: str) -> Plan:
    return exact(
        _request(Profile.FULL, base_image, base_image.rpartition(":")[0]), None, engine=engine, progress=Lines()
    )


def test_with_jars_too_layers_and_settings_are_those_that_docker_makes(full_plan, full, docker, without_engine):
    """An image of 1.5 GB, neither pushed nor read again: the digests of what is in its layers tell."""
    base, facts = without_engine
    ours = layers(full_plan, facts)
    made = {layer.name: layer.make(Lines()).diff_id for layer in ours if layer.make is not None}
    assert list(made) == ["jre", "dependencies", "pyspark", "mage-ilum"]
    dockers = json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", full))
    assert [diff_id for diff_id in dockers if diff_id in made.values()] == list(made.values())
    nowhere = {"digest": "", "size": 0, "diff_id": "", "media_type": ""}
    placed = [compose.Placed(name=layer.name, key=layer.key, **nowhere) for layer in ours]
    said = json.loads(docker("inspect", "--format", "{{json .Config}}", full))
    assert settings(said) == settings(compose.configuration(full_plan, base.config, placed)["config"])


def test_two_machines_make_the_same_bytes(pair, append, registry, base_python, tmp_path):
    """Another cache, another repository, another umask: one digest."""
    profile = config(pair.appended)["config"]["Labels"]["io.deploykit.profile"]
    repository = f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    copy(pair.docker, repository, tag=f"0.9.80-spark4.1.0-{profile}-00000000")
    old = os.umask(0o077)
    try:
        again = append("--spark", SPARK, "--profile", profile, "--repository", repository, cache=with_wheels(tmp_path))
    finally:
        os.umask(old)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1].rpartition("@")[2] == pair.appended.rpartition("@")[2]


def test_a_second_run_has_nothing_to_build(pair, append):
    profile = config(pair.appended)["config"]["Labels"]["io.deploykit.profile"]
    repository = pair.appended.rpartition("@")[0].rpartition(":")[0]
    again = append("--spark", SPARK, "--profile", profile, "--repository", repository)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1] == pair.appended
    assert "nothing to build" in again.stderr


def test_what_the_registry_lost_of_an_image_is_put_there_again(pair, append):
    """A layer of ours, one of the base and the configuration; the tag names the same image before and after."""
    at, digest = _upstream(pair.appended), pair.appended.rpartition("@")[2]
    content = at.manifest(digest)[1]
    for part in (content["layers"][0], content["layers"][-1], content["config"]):
        at.lose(part["digest"])
    labels = config(pair.docker)["config"]["Labels"]
    again = append(
        "--spark", SPARK, "--profile", labels["io.deploykit.profile"], "--repository", f"{at.host}/{at.name}"
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1] == pair.appended
    assert at.missing(digest) == []


def test_a_tag_whose_lost_part_cannot_be_made_again_is_no_success(pair, append, registry):
    """An engine made the image: the same files in other bytes would be another image."""
    at = Upstream(registry, f"deploykit-test/{uuid.uuid4().hex[:12]}")
    copy(pair.docker, f"{registry}/{at.name}", tag=_tag(pair.docker))
    lost = at.manifest(_tag(pair.docker))[1]["layers"][-1]["digest"]
    at.lose(lost)
    profile = config(pair.docker)["config"]["Labels"]["io.deploykit.profile"]
    done = append("--spark", SPARK, "--profile", profile, "--repository", f"{registry}/{at.name}")
    assert done.returncode == 6, done.stderr
    assert lost in done.stderr
    assert "remove the tag" in done.stderr
    assert at.manifest(_tag(pair.docker))[0] == pair.docker.rpartition("@")[2]


def _upstream(exact: str) -> Upstream:
    host, _, name = exact.partition("@")[0].rpartition(":")[0].partition("/")
    return Upstream(host, name)


def test_without_a_push_it_needs_an_engine_and_says_so(append, base_image, repository):
    done = append("--spark", SPARK, "--no-push", "--engine", "registry", "--repository", repository)
    assert done.returncode == 2
    assert "--push" in done.stderr


def _plan(pair: Pair, engine: Engine) -> Plan:
    labels = config(pair.appended)["config"]["Labels"]
    profile, base = Profile(labels["io.deploykit.profile"]), labels["org.opencontainers.image.base.name"]
    request = _request(profile, base, pair.appended.rpartition("@")[0].rpartition(":")[0])
    return exact(request, None, engine=engine, progress=Lines())


def _request(profile: Profile, base: str, repository: str) -> Request:
    """As the build with Docker asks."""
    return Request(
        spark=SPARK, profile=profile, repository=repository, platform="linux/amd64", base=base, network="host"
    )


@pytest.fixture(scope="module")
def both(append: Deploykit, registry: str, base_image: str) -> Finished:
    """Profile `connect` for two platforms, in a repository that has no Java to take.

    The base for arm64 is the one for amd64 under another name, with the loader that programs for arm64 ask for.
    """
    base = arm64_beside(base_image, f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}")
    request = ("--spark", SPARK, "--no-warm", "--platform", "linux/amd64", "--also-platform", "linux/arm64")
    done = append(*request, "--repository", base.rpartition(":")[0], base=base)
    assert done.returncode == 0, done.stderr
    return done


def parts(exact: str) -> list[str]:
    """The images that an index names, by the platform's name."""
    name, _, digest = exact.rpartition("@")
    found = sorted(Registry(name.rpartition(":")[0]).manifest(digest).parts, key=lambda part: str(part["platform"]))
    assert [part["platform"]["architecture"] for part in found] == ["amd64", "arm64"]
    return [f"{name}@{part['digest']}" for part in found]


def test_one_index_names_the_images_of_two_platforms_each_of_its_own_kind(both):
    assert both.stderr.count("ok: programs and libraries are for linux/arm64") == 1
    amd64, arm64 = map(config, parts(both.stdout.split()[-1]))
    assert (amd64["architecture"], arm64["architecture"]) == ("amd64", "arm64")
    assert len({image["config"]["Labels"]["io.deploykit.inputs"] for image in (amd64, arm64)}) == 2
    checked = deploykit("verify", both.stdout.split()[-1])
    assert checked.returncode == 0, checked.stdout
    assert "SBOM (linux/arm64)" in checked.stdout


def named(exact: str, name: str) -> dict[str, File]:
    """The paths of one layer of ours, by its name, of an image without an index."""
    registry = Registry(ImageReference.split(exact).repository)
    manifest = registry.manifest(exact.rpartition("@")[2])
    ours = existing_layers.read(manifest, registry.config_of(manifest))
    layer = next(layer for layer in ours if layer.name == name)
    return of_layer(registry, layer.digest, layer.size)


def test_the_java_that_is_made_without_an_engine_is_the_one_that_docker_makes(both, connect):
    made, dockers = named(parts(both.stdout.split()[-1])[0], "jre"), named(connect.exact, "jre")
    assert {path: made[path] for path in made if path not in dockers or made[path] != dockers[path]} == {}
    assert len(made) > 50


def test_the_java_for_another_platform_is_linked_from_the_modules_of_that_platform(both):
    """It cannot run here: the files tell. The same modules, with other programs and libraries."""
    here, there = (named(part, "jre") for part in parts(both.stdout.split()[-1]))
    assert set(here) == set(there)
    same = {path for path in here if here[path] == there[path]}
    assert "opt/java/conf/security/java.security" in same
    assert {"opt/java/bin/java", "opt/java/lib/server/libjvm.so", "opt/java/lib/modules"} & same == set()


@pytest.fixture(scope="module")
def listed(append: Deploykit, registry: str) -> Finished:
    """Profile `slim` in a repository where no image has a warm layer to take."""
    done = append(
        "--spark", SPARK, "--profile", "slim", "--repository", f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_warm_layer_that_is_made_by_the_list_is_file_by_file_the_one_that_docker_records(listed, connect):
    """By the base's own Python, in the base that the list was recorded in."""
    made, dockers = (
        {path: file for path, file in named(exact, "warm").items() if file.kind != tarfile.DIRTYPE}
        for exact in (listed.stdout.split()[-1], connect.exact)
    )
    assert {path for path in made.keys() | dockers.keys() if made.get(path) != dockers.get(path)} == set()
    assert len(made) > 1000


def test_an_image_whose_warm_layer_is_by_the_list_says_so(listed):
    exact = listed.stdout.split()[-1]
    assert config(exact)["config"]["Labels"]["io.deploykit.left-out"] == "recording"
    assert "recording: the warm layer is by the list of Mage 0.9.80" in listed.stderr
    assert "==> Layer warm: sent" in listed.stderr


def test_the_list_is_what_the_build_stage_records_in_this_base(connect):
    release, found = recorded(connect.exact)
    assert set(found) ^ set(warm_list.names(release)) == set(), "tools/warm_list.py writes it anew"


def arm64_beside(base: str, repository: str) -> str:
    """An index of the base and of the same files for another machine."""
    source = Registry(base.rpartition(":")[0])
    manifest = source.manifest(base.rpartition(":")[2])
    copy(f"{base}@{manifest.digest}", repository, tag="amd64")
    target = Registry(repository)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"))
    layer = target.put_blob(buffer.getvalue())
    settings = dict(source.config(manifest.digest, platform="linux/amd64"))
    settings |= {
        "architecture": "arm64",
        "rootfs": {"type": "layers", "diff_ids": [*settings["rootfs"]["diff_ids"], layer]},
        "history": [*settings["history"], {"created_by": "the loader"}],
    }
    raw = compact(settings)
    kind = manifest.content["layers"][0]["mediaType"].removesuffix(".gzip")
    content = {
        **manifest.content,
        "config": {**manifest.content["config"], "digest": target.put_blob(raw), "size": len(raw)},
        "layers": [*manifest.content["layers"], {"mediaType": kind, "digest": layer, "size": len(buffer.getvalue())}],
    }
    target.put_manifest("arm64", compact(content), manifest.media_type)
    images = {f"linux/{tag}": target.manifest(tag) for tag in ("amd64", "arm64")}
    both = index.index(images)
    target.put_manifest("both", compact(both), both["mediaType"])
    return f"{repository}:both"


def test_on_a_base_of_the_oci_kind_the_image_is_of_that_kind(append, docker, registry, base_image):
    """The same base with OCI's media types, and one of its layers packed with zstd."""
    repository = f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    base = of_oci_kind(base_image, repository)
    done = append("--spark", SPARK, "--profile", "slim", "--no-warm", "--repository", repository, base=base)
    assert done.returncode == 0, done.stderr
    exact = done.stdout.split()[-1]
    manifest = Registry(repository).manifest(exact.rpartition("@")[2])
    assert manifest.media_type == OCI_MANIFEST
    kinds = {part["mediaType"].rpartition(".")[2] for part in manifest.content["layers"]}
    assert kinds == {"tar+gzip", "tar+zstd"}
    assert {part["mediaType"].partition(".docker.")[1] for part in manifest.content["layers"]} == {""}


def of_oci_kind(base: str, repository: str) -> str:
    source, target = Registry(base.rpartition(":")[0]), Registry(repository)
    manifest = source.manifest(base.rpartition(":")[2])
    copy(f"{base}@{manifest.digest}", repository, tag="docker")
    layers = [{**part, "mediaType": f"{OCI_LAYER}+gzip"} for part in manifest.content["layers"]]
    smallest = min(layers, key=lambda part: part["size"])
    packed = zstandard.compress(gzip.decompress(target.blob(smallest["digest"])))
    smallest |= {"mediaType": f"{OCI_LAYER}+zstd", "digest": target.put_blob(packed), "size": len(packed)}
    settings = {**manifest.content["config"], "mediaType": OCI_CONFIG}
    raw = compact({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": settings, "layers": layers})
    target.put_manifest("oci", raw, OCI_MANIFEST)
    return f"{repository}:oci"


@pytest.mark.parametrize("call", ["mount", "PUT upload", "PUT manifest by tag"])
def test_killed_anywhere_it_ends_well_the_next_time(call, append_cache, base_image, registry, tmp_path):
    """Until the end there is no tag, and what was sent before is not sent again."""
    with RegistryProxy(registry) as proxy:
        (tmp_path / "config.json").write_text(proxy.docker_config)
        repository = f"{proxy.host}/deploykit-test/{uuid.uuid4().hex[:12]}"
        base = f"{proxy.host}/{base_image.partition('/')[2]}"
        command = ["image", "--engine=registry", "--push", "--profile=slim", "--no-warm", f"--base={base}"]
        environment = {**os.environ, "DEPLOYKIT_CACHE": str(append_cache), "DOCKER_CONFIG": str(tmp_path)}

        def start() -> subprocess.Popen[str]:
            arguments = [*command, f"--spark={SPARK}", f"--repository={repository}"]
            return subprocess.Popen(
                [sys.executable, "-m", "deploykit", *arguments],
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip

        proxy.inject(On(kind=call, nth=2 if call == "PUT upload" else 1), hang)
        first = start()
        proxy.wait_for(On(kind=call, nth=2 if call == "PUT upload" else 1), seconds=120)
        first.kill()
        first.communicate()
        proxy.heal()
        at = Upstream(registry, repository.partition("/")[2])
        assert [tag for tag in at.tags() if "spark" in tag] == []
        second = start()
        out, err = second.communicate(timeout=300)
        assert second.returncode == 0, err
        assert len([tag for tag in at.tags() if "spark" in tag]) == 1
        found = Registry(f"{registry}/{at.name}")
        assert found.missing_blobs(found.manifest(out.split()[-1].rpartition("@")[2])) == []
