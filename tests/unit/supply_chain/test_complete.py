"""The bill of materials gets to its image: once, whatever breaks, and only to the image that it is about."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.unit.registry.server import Canned
from tests.unit.supply_chain.images import push

from deploykit.cli.main import run
from deploykit.errors import UnreachableError, UsageError
from deploykit.registry import RefusedError
from deploykit.supply_chain import attach, complete, ready
from deploykit.supply_chain.sbom import MEDIA_TYPE, sbom


def documents(world):
    """What is attached to the image."""
    found = [world.registry.manifest(entry["digest"]) for entry in world.registry.referrers(world.digest)]
    return [world.registry.blob(manifest.content["layers"][0]["digest"]) for manifest in found]


def test_it_is_attached_with_its_type_and_the_inputs_of_the_image(world):
    world.complete()
    [entry] = world.registry.referrers(world.digest)
    assert entry["artifactType"] == MEDIA_TYPE
    assert entry["annotations"] == {"io.deploykit.inputs": world.plan.inputs}
    assert documents(world) == [sbom(world.plan, labels=world.plan.labels, digest=world.digest)]
    assert world.said.steps == ["Attaching the bill of materials"]


def test_a_second_time_writes_nothing_says_nothing_and_asks_little(world):
    world.complete()
    world.said.steps.clear()
    world.small.asked.clear()
    world.complete()
    assert world.small.wrote() == []
    assert world.said.steps == []
    assert len(world.small.asked) <= 2


def test_another_deploykit_finds_what_the_first_attached(world):
    """Another release would write other bytes for the same inputs."""
    world.complete()
    digest = world.digest
    world.digest = push(world.plan, world.registry, version="9.9.9")
    world.complete()
    [document] = documents(world)
    said = json.loads(document)["metadata"]["component"]["properties"]
    assert {"name": "io.deploykit.version", "value": "9.9.9"} in said
    world.small.asked.clear()
    world.complete()
    assert world.small.wrote() == []
    assert world.digest != digest


def test_nothing_is_attached_to_an_image_of_other_inputs(world):
    world.digest = push(world.plan, world.registry, tag="other", inputs="f" * 64)
    world.complete()
    assert world.registry.referrers(world.digest) == []
    assert "made from other inputs" in world.said.steps[0]


def test_what_others_attached_stays(world):
    other = world.registry.attach(
        world.digest, artifact_type=MEDIA_TYPE, data=b"{}", media_type=MEDIA_TYPE, annotations={}
    )
    world.complete()
    found = [entry["digest"] for entry in world.registry.referrers(world.digest)]
    assert other in found
    assert len(found) == 2
    assert attach.ours(world.registry, world.digest, world.plan.inputs) in found


def test_broken_off_at_any_write_it_is_completed_by_a_second_run(world):
    steps = 0
    while True:
        world.digest = push(world.plan, world.registry, tag=f"t{steps}", version=str(steps))
        world.small.asked.clear()
        world.small.lost_write = steps
        try:
            world.complete()
        except UnreachableError:
            steps += 1
        else:
            break
        world.small.lost_write = None
        world.complete()
        assert len(documents(world)) == 1
        assert world.registry.missing_blobs(world.registry.manifest(world.digest)) == []
    assert steps >= 3


@pytest.mark.parametrize("status", [400, 403, 405, 415])
def test_a_registry_that_takes_images_alone_is_said_and_no_failure(world, status):
    world.small.canned["PUT", ""] = [Canned(status=status)] * 9
    world.complete()
    assert f"does not take the bill of materials. It answered {status}." in world.said.steps[-1]


def test_a_login_that_is_refused_only_now_is_a_failure_that_the_next_run_makes_good(world):
    world.small.canned["PUT", ""] = [Canned(status=401)] * 9
    with pytest.raises(RefusedError):
        world.complete()
    world.small.canned.clear()
    world.complete()
    assert len(documents(world)) == 1


def test_two_at_once_attach_one(world):
    def one(_):
        complete(world.plan, world.reference, world.digest, registry=world.registry, key=None, progress=world.said)

    with ThreadPoolExecutor(4) as pool:
        [*pool.map(one, range(8))]
    assert len(documents(world)) == 1


def test_a_missing_cosign_is_said_before_anything_is_asked(world, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="cosign is not on the PATH") as caught:
        ready("cosign.key")
    assert "install cosign" in caught.value.fix


def cosign_that_does_nothing(folder, monkeypatch):
    program = folder / "cosign"
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_a_key_that_is_not_there_is_said(tmp_path, monkeypatch):
    cosign_that_does_nothing(tmp_path, monkeypatch)
    with pytest.raises(UsageError, match=r"There is no key nowhere\.key"):
        ready("nowhere.key")


def test_a_password_that_nobody_can_type_is_said(tmp_path, monkeypatch):
    cosign_that_does_nothing(tmp_path, monkeypatch)
    key = tmp_path / "cosign.key"
    key.touch()
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    with pytest.raises(UsageError, match="type the password") as caught:
        ready(str(key))
    assert "COSIGN_PASSWORD" in caught.value.why
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    ready(str(key))


@pytest.mark.parametrize(
    "key", ["awskms:///alias/mage", "gcpkms://projects/x", "azurekms://vault/key", "hashivault://key"]
)
def test_a_key_of_a_kms_needs_no_file_and_no_password(key, tmp_path, monkeypatch):
    cosign_that_does_nothing(tmp_path, monkeypatch)
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    ready(key)


def test_image_says_that_it_cannot_sign_before_it_asks_anybody(isolated, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    options = ["--spark", "4.1.1", "--repository", "registry.example/m", "--push", "--sign-key", "cosign.key"]
    assert run(["image", *options]) == 2
    assert capsys.readouterr().err.startswith("Error: cosign is not on the PATH.")
