"""`deploykit image`: built once, pushed once, and the answer names the image exactly."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.image.conftest import SPARK, deploykit, registry_answer


def test_an_image_that_is_not_pushed_is_named_by_its_id(connect, docker):
    assert re.fullmatch(r"sha256:[0-9a-f]{64}\n", connect.first.stdout)
    assert docker("inspect", "--format", "{{.Id}}", connect.tagged).strip() == connect.id


def test_the_plan_is_shown_before_it_is_built(connect):
    assert connect.first.stderr.index("PySpark 4.1.1 without jars") < connect.first.stderr.index("==> Building")


def test_the_last_line_names_the_image_with_the_digest_that_the_registry_knows(connect, own_repository, registry):
    assert connect.exact.startswith(f"{own_repository}:0.9.80-spark{SPARK}-connect-")
    path = f"{own_repository.removeprefix(registry + '/')}/manifests/{connect.digest}"
    manifest = json.loads(registry_answer(registry, path, "application/vnd.docker.distribution.manifest.v2+json"))
    assert manifest["config"]["digest"] == connect.id


def test_an_image_that_was_built_without_verification_is_verified_before_it_is_pushed(connect):
    assert "Verifying" not in connect.first.stderr
    assert "nothing to build" in connect.second.stderr
    assert connect.second.stderr.index("ok: ") < connect.second.stderr.index("==> Pushing")
    assert "FAIL" not in connect.second.stderr


@pytest.mark.parametrize(
    "check",
    [
        "not root",
        "exact versions",
        "imports",
        "jars",
        "constraints",
        "java",
        "no local spark",
        "pip check no worse than the base's",
        "SIGTERM ends a block in a worker pod within 5 s",
        "SIGTERM ends a block in a server pod within 5 s",
    ],
)
def test_every_promise_was_tried_in_the_image(connect, check):
    assert f"==> ok: {check}\n" in connect.second.stderr


def test_a_tag_that_is_in_the_registry_is_neither_built_nor_pushed_again(connect):
    assert connect.third.stdout == connect.second.stdout
    assert "is in the registry: nothing to build" in connect.third.stderr
    for word in ("==> Building", "==> Verifying", "==> Pushing", "==> Fetching"):
        assert word not in connect.third.stderr


def test_no_name_of_an_unverified_image_is_left(connect, docker):
    assert f"deploykit-unverified:{connect.tagged.rpartition('-')[2]}" not in docker(
        "images", "--format", "{{.Repository}}:{{.Tag}}"
    )


def test_plan_says_that_the_image_is_there(connect, base_image, own_repository):
    found = deploykit("plan", "--spark", SPARK, "--base", base_image, "--repository", own_repository, "-o", "json")
    answer = json.loads(found.stdout)
    assert answer["image"] == connect.tagged
    assert answer["registry"] == f"there already: {connect.digest}"


def test_json_says_what_was_done(connect, build):
    answer = json.loads(build("--spark", SPARK, "--push", "-o", "json").stdout)
    assert answer == {
        "image": connect.exact,
        "reference": connect.tagged,
        "digest": connect.digest,
        "id": "",
        "spark": SPARK,
        "built": False,
        "pushed": False,
    }


def test_a_registry_that_cannot_be_asked_stops_everything_before_a_build(base_image, closed_port):
    repository = f"127.0.0.1:{closed_port}/deploykit-test/x"
    found = deploykit("image", "--spark", SPARK, "--base", base_image, "--repository", repository, "--push")
    assert found.returncode == 4
    assert found.stdout == ""
    assert f"The registry of {repository}" in found.stderr
    assert "==> Building" not in found.stderr


@pytest.mark.parametrize("failing_registry", [500, 401, 403, 429], indirect=True)
def test_a_registry_that_fails_is_never_taken_for_one_without_the_image(base_image, failing_registry):
    repository = f"127.0.0.1:{failing_registry}/deploykit-test/x"
    found = deploykit("image", "--spark", SPARK, "--base", base_image, "--repository", repository, "--push")
    assert found.returncode == 4, found.stderr
    assert "==> Building" not in found.stderr


def test_a_base_that_does_not_exist_is_wrong_usage(registry):
    found = deploykit("image", "--spark", SPARK, "--base", f"{registry}/deploykit-test/nothing:here")
    assert found.returncode == 2
    assert f"There is no image {registry}/deploykit-test/nothing:here." in found.stderr


def test_what_is_no_mage_image_is_no_base(docker, registry):
    found = deploykit("image", "--spark", SPARK, "--base", "testbed/python:3.10-bookworm", "--network", "host")
    assert found.returncode == 3
    assert "There is no Mage in it." in found.stderr


def test_two_builds_at_once_end_with_one_image_that_was_pushed_once(base_image, repository):
    options = ("--spark", "4.1.1", "--profile", "slim", "--base", base_image, "--repository", repository)
    command = ("image", *options, "--network", "host", "--no-verify", "--push", "-o", "json")
    with ThreadPoolExecutor() as pool:
        both = [done.result() for done in [pool.submit(deploykit, *command) for _ in range(2)]]
    assert [done.returncode for done in both] == [0, 0], both[0].stderr + both[1].stderr
    said = [json.loads(done.stdout) for done in both]
    assert said[0]["image"] == said[1]["image"]
    assert sorted(answer["pushed"] for answer in said) == [False, True]
