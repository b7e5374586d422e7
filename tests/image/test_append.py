"""An image that was made without an engine is the one that Docker makes: the same files, the same configuration."""

import json
import os
import re
import tarfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from tests.image.conftest import SPARK, Deploykit, Finished, with_wheels
from tests.image.registry_image import config, copy, files, settings
from tests.sync.upstream import Upstream

from deploykit.cli.output import Lines
from deploykit.image import verify
from deploykit.image.append import compose
from deploykit.image.layers import compressed, layers
from deploykit.image_reference import ImageReference
from deploykit.request import Profile


@dataclass(frozen=True)
class Pair:
    """The same plan made by Docker and without it, each in a repository of its own."""

    profile: Profile
    docker: str
    appended: str
    run: Finished

    @property
    def request(self) -> tuple[str, ...]:
        return "--spark", SPARK, "--profile", self.profile

    @property
    def repository(self) -> str:
        """Of the image that was made without Docker."""
        return ImageReference.split(self.appended).repository


@pytest.fixture(scope="session", params=[Profile.SLIM, Profile.CONNECT])
def pair(request, build: Deploykit, append: Deploykit, registry: str) -> Pair:
    """The second repository has an older image of Docker's, as it has after a patch of Spark."""
    profile = request.param
    docker = request.getfixturevalue("connect").exact if profile is Profile.CONNECT else slim(build)
    repository = f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    copy(docker, repository, tag=f"0.9.80-spark4.1.0-{profile}-00000000")
    done = append("--spark", SPARK, "--profile", profile, "--repository", repository)
    assert done.returncode == 0, done.stderr
    return Pair(profile=profile, docker=docker, appended=done.stdout.split()[-1], run=done)


def slim(build: Deploykit) -> str:
    """The other profile that Docker's path makes for this; `connect` is the one that all tests of this folder share."""
    built = build("--spark", SPARK, "--profile", "slim", "--no-verify", "--push")
    assert built.returncode == 0, built.stderr
    return built.stdout.split()[-1]


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


def test_only_layers_that_are_nowhere_are_sent(pair):
    """Java and bytecode are taken from the image that Docker made; of the rest it has the same files in other bytes."""
    said = dict(re.findall("^==> Layer (.+): (there already|sent)", pair.run.stderr, re.MULTILINE))
    java = {"jre": "there already"} if pair.profile.java else {}
    made_here = dict.fromkeys(("dependencies", "pyspark", "mage-ilum"), "sent")
    assert said == {**java, "warm": "there already", **made_here}


def test_layers_of_the_base_that_the_repository_has_are_not_touched(pair):
    assert "==> The base's 4 layers: 4 there" in pair.run.stderr


def test_what_must_hold_inside_holds_in_both(pair, planned, engine, docker, connect):
    """All of it in `connect`, whose image by Docker was verified when it was built; what is seen inside in `slim`."""
    docker("pull", "--quiet", pair.appended)
    plan = planned(pair.profile, pair.repository)
    if pair.profile is Profile.CONNECT:
        checks = verify.verify(pair.appended, plan, engine=engine, progress=Lines())
        assert {check.name for check in checks} == set(re.findall("^==> ok: (.+)", connect.second.stderr, re.MULTILINE))
        return
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda image: verify.inside(image, plan, engine), (pair.docker, pair.appended)))
    assert [{check.name: check.problem for check in checks if check.problem} for checks in both] == [{}, {}]
    assert len(both[1]) >= 6


def test_with_jars_too_layers_and_settings_are_those_that_docker_makes(
    planned, own_repository, full, docker, base_facts
):
    """An image of 1.5 GB, neither pushed nor read again: the digests of what is in its layers tell."""
    base, facts = base_facts
    plan = planned(Profile.FULL, own_repository)
    ours = layers(plan, facts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressed, "LEVEL", 1)  # which they do not depend on
        made = {layer.name: layer.make(Lines()).diff_id for layer in ours if layer.make is not None}
    assert list(made) == ["jre", "dependencies", "pyspark", "mage-ilum"]
    dockers = json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", full))
    assert [diff_id for diff_id in dockers if diff_id in made.values()] == list(made.values())
    nowhere = {"digest": "", "size": 0, "diff_id": "", "media_type": ""}
    placed = [compose.Placed(name=layer.name, key=layer.key, **nowhere) for layer in ours]
    said = json.loads(docker("inspect", "--format", "{{json .Config}}", full))
    assert settings(said) == settings(compose.configuration(plan, base.config, placed)["config"])


@pytest.mark.parametrize("pair", [Profile.CONNECT], indirect=True)
def test_two_machines_make_the_same_bytes(pair, append, repository, tmp_path):
    """Another cache, another repository, another umask: one digest.

    Layers of `slim` have the same keys as those of `connect`; only the texts in `mage-ilum` differ.
    """
    copy(pair.docker, repository, tag=f"0.9.80-spark4.1.0-{pair.profile}-00000000")
    old = os.umask(0o077)
    try:
        again = append(*pair.request, "--repository", repository, cache=with_wheels(tmp_path))
    finally:
        os.umask(old)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1].rpartition("@")[2] == pair.appended.rpartition("@")[2]


def test_a_second_run_has_nothing_to_build(pair, append):
    again = append(*pair.request, "--repository", pair.repository)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1] == pair.appended
    assert "nothing to build" in again.stderr


def test_what_the_registry_lost_of_an_image_is_put_there_again(pair, append):
    """A layer of ours, one of the base and the configuration; the tag names the same image before and after."""
    at, digest = _upstream(pair.repository), pair.appended.rpartition("@")[2]
    content = at.manifest(digest)[1]
    for part in (content["layers"][0], content["layers"][-1], content["config"]):
        at.lose(part["digest"])
    again = append(*pair.request, "--repository", pair.repository)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1] == pair.appended
    assert at.missing(digest) == []


def test_a_tag_whose_lost_part_cannot_be_made_again_is_no_success(pair, append, repository):
    """An engine made the image: the same files in other bytes would be another image."""
    at = _upstream(repository)
    copy(pair.docker, repository, tag=_tag(pair.docker))
    lost = at.manifest(_tag(pair.docker))[1]["layers"][-1]["digest"]
    at.lose(lost)
    done = append(*pair.request, "--repository", repository)
    assert done.returncode == 6, done.stderr
    assert lost in done.stderr
    assert "remove the tag" in done.stderr
    assert at.manifest(_tag(pair.docker))[0] == pair.docker.rpartition("@")[2]


def test_without_a_push_it_needs_an_engine_and_says_so(append, repository):
    done = append("--spark", SPARK, "--no-push", "--engine", "registry", "--repository", repository)
    assert done.returncode == 2
    assert "--push" in done.stderr


def _upstream(repository: str) -> Upstream:
    host, _, name = repository.partition("/")
    return Upstream(host, name)


def _tag(exact: str) -> str:
    return ImageReference.split(exact).tag
