"""One image for two platforms, made on a machine of one of them: each checked by what is in it."""

import io
import tarfile
import uuid

import pytest
from tests.image.conftest import SPARK, Deploykit, Finished, deploykit
from tests.image.registry_image import config, copy, named

from deploykit.image.append import index
from deploykit.registry import Registry
from deploykit.registry.manifest import compact


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
