"""`deploykit verify` finds what is wrong with an image, and nothing where nothing is."""

import json

import pytest
from tests.unit.image.plans import make
from tests.unit.mage_ilum.servers import refused
from tests.unit.registry.server import digest_tag
from tests.unit.supply_chain.images import Said, config_of, push

from deploykit.cli.main import run
from deploykit.image.append import index
from deploykit.image.platform import host_platform
from deploykit.registry.manifest import OCI_INDEX, compact
from deploykit.request import Profile
from deploykit.supply_chain import complete, labels, materials
from deploykit.supply_chain.sbom import MEDIA_TYPE, sbom


@pytest.fixture
def verify(world, capsys):
    """Run the command on the image; returns the exit code and the findings by name."""
    world.complete()

    def verify(image=world.reference, *options):
        code = run(["verify", image, "-o", "json", *options])
        answer = json.loads(capsys.readouterr().out)
        assert answer["holds"] == (code == 0)
        return code, {row["check"]: (row["outcome"], row["text"]) for row in answer["findings"]}

    return verify


def test_an_image_as_it_was_pushed_holds(world, verify):
    for image in (world.reference, f"{world.reference}@{world.digest}", f"{world.plan.repository}@{world.digest}"):
        code, found = verify(image)
        assert code == 0, found
        assert {check: outcome for check, (outcome, _) in found.items()} == {
            "digest": "ok", "content": "ok", "labels": "ok", "SBOM": "ok", "signature": "skipped",
        }  # fmt: skip


def test_the_table_says_the_same(world, verify, capsys):
    assert run(["verify", world.reference]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["check", "outcome", "found"]
    assert world.digest in out


def test_what_does_not_hold_is_the_reason(world, capsys, tmp_path):
    nothing = f"{world.plan.repository}:nothing"
    assert run(["verify", nothing, "--sbom", str(tmp_path / "sbom.json")]) == 6
    said = capsys.readouterr().err
    assert f"Error: {nothing} is not what it should be.\n  Why: digest: the registry has no nothing\n" in said
    assert f"Nothing was written to {tmp_path / 'sbom.json'}" in said


def test_the_bill_of_materials_is_written_for_a_scanner(world, tmp_path, capsys):
    world.complete()
    assert run(["verify", world.reference, "--sbom", str(tmp_path / "sbom.json")]) == 0
    assert capsys.readouterr().err == f"Wrote {tmp_path / 'sbom.json'}\n"
    assert (tmp_path / "sbom.json").read_bytes() == sbom(world.plan, labels=world.plan.labels, digest=world.digest)


def test_a_tag_that_is_not_there_does_not_hold(world, verify):
    code, found = verify(f"{world.plan.repository}:nothing")
    assert (code, found["digest"]) == (6, ("FAIL", "the registry has no nothing"))


def test_a_tag_that_was_moved_does_not_hold(world, verify):
    push(world.plan, world.registry, version="moved")
    code, found = verify(f"{world.reference}@{world.digest}")
    assert code == 6
    assert found["digest"][0] == "FAIL"
    assert world.digest in found["digest"][1]


def test_a_lost_layer_does_not_hold(world, verify):
    lost = world.registry.manifest(world.digest).blobs()[1]
    del world.small.blobs[lost]
    code, found = verify()
    assert (code, found["content"]) == (6, ("FAIL", f"the registry has lost {lost}"))


def test_an_image_without_a_bill_of_materials_does_not_hold(world, verify):
    other = make(repository=world.small.repository, spark="4.1.2")
    push(other, world.registry)
    code, found = verify(other.reference)
    assert (code, found["SBOM"]) == (6, ("FAIL", "none is attached"))


def test_a_bill_of_materials_that_was_lost_does_not_hold(world, verify):
    [entry] = world.registry.referrers(world.digest)
    document = world.registry.manifest(entry["digest"]).content["layers"][0]["digest"]
    del world.small.blobs[document]
    code, found = verify()
    assert code == 6
    assert found["SBOM"] == ("FAIL", f"{world.plan.repository} has lost {document}.")


def test_a_bill_of_materials_of_another_image_does_not_hold(world, verify):
    digest = push(world.plan, world.registry, tag="other", version="other")
    document = sbom(world.plan, labels=world.plan.labels, digest=world.digest)
    world.registry.attach(
        digest,
        artifact_type=MEDIA_TYPE,
        data=document,
        media_type=MEDIA_TYPE,
        annotations={"io.deploykit.inputs": world.plan.inputs},
    )
    code, found = verify(f"{world.plan.repository}@{digest}")
    assert code == 6
    assert "it is about another image" in found["SBOM"][1]
    assert "io.deploykit.version" in found["SBOM"][1]


@pytest.fixture
def both(world):
    """An index of two images that were made for two platforms, as `image --also-platform` makes it; its plans too."""
    plans = [world.plan, make(repository=world.plan.repository, platform="linux/arm64")]
    for plan in plans:
        digest = push(plan, world.registry)
        complete(plan, plan.reference, digest, registry=world.registry, key=None, progress=Said())
    tag, _ = index.put(plans, world.registry)
    return f"{world.plan.repository}:{tag}", plans


def test_an_index_holds_as_each_of_its_images_does(world, both, verify, tmp_path):
    reference, plans = both
    code, found = verify(reference, "--sbom", str(tmp_path / "sbom.json"))
    assert code == 0, found
    assert {check: outcome for check, (outcome, _) in found.items()} == {
        "digest": "ok", "content": "ok", "labels": "ok", "signature": "skipped",
        **{f"{check} ({plan.platform})": "ok" for plan in plans for check in ("labels", "SBOM")},
        **{f"signature ({plan.platform})": "skipped" for plan in plans},
    }  # fmt: skip
    about = json.loads((tmp_path / "sbom.json").read_bytes())["metadata"]["component"]["purl"]
    [here] = [plan for plan in plans if plan.platform == host_platform()]
    assert world.registry.digest(here.tag) in about


def test_an_index_does_not_hold_where_one_image_does_not_or_where_its_tag_is_of_others(world, both, verify):
    reference, plans = both
    code, found = verify(reference)
    assert code == 0, found
    raw = world.registry.manifest(reference.rpartition(":")[2])
    other = f"{plans[0].tag[:-8]}00000000"
    world.registry.put_manifest(other, raw.raw, raw.media_type)
    code, found = verify(f"{plans[0].repository}:{other}")
    assert (code, found["labels"][0]) == (6, "FAIL")
    assert reference.rpartition(":")[2] in found["labels"][1]
    bare = [plans[0], make(repository=world.plan.repository, platform="linux/arm64", warm=False)]
    push(bare[1], world.registry)
    tag, _ = index.put(bare, world.registry)
    code, found = verify(f"{world.plan.repository}:{tag}")
    assert (code, found["SBOM (linux/arm64)"]) == (6, ("FAIL", "none is attached"))
    assert found["SBOM (linux/amd64)"][0] == "ok"


def test_an_image_in_an_index_with_what_its_engine_says_of_it_is_one_image(world, verify):
    """As engines with a store of containerd's push it."""
    image = world.registry.manifest(world.digest)
    about = {"architecture": "unknown", "os": "unknown"}
    parts = [{**image.descriptor, "platform": {"architecture": "amd64", "os": "linux"}}]
    parts.append({**image.descriptor, "platform": about})
    pushed = compact({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": parts})
    digest = world.registry.put_manifest(world.plan.tag, pushed, OCI_INDEX)
    complete(world.plan, world.reference, digest, registry=world.registry, key=None, progress=Said())
    code, found = verify(world.reference)
    assert code == 0, found
    assert set(found) == {"digest", "content", "labels", "SBOM", "signature"}


def test_an_image_of_somebody_else_is_none_of_ours(world, verify):
    world.small.image("foreign", labels={"maintainer": "somebody"})
    code, found = verify(f"{world.plan.repository}:foreign")
    assert code == 6
    assert "not an image of deploykit's" in found["labels"][1]


def test_what_is_attached_is_found_by_the_tag_where_there_is_no_api(world, verify):
    assert (digest_tag(world.digest) in world.registry.tags()) is not world.small.has_referrers


def test_a_registry_that_does_not_answer_is_unreachable(isolated, monkeypatch, capsys):
    with refused() as port:
        assert run(["verify", f"127.0.0.1:{port}/m:t", "--timeout", "1"]) == 4
    assert "could not be asked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "image", ["registry.example/m", "registry.example/m:latest", "sha256:" + "0" * 64, "Not an image"]
)
def test_what_names_no_exact_image_is_wrong_usage(isolated, image):
    assert run(["verify", image]) == 2


def test_a_key_that_is_not_there_is_wrong_usage(isolated, tmp_path, monkeypatch, capsys):
    program = tmp_path / "cosign"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["verify", "registry.example/m:t", "--key", "nowhere.pub"]) == 2
    assert "There is no key nowhere.pub" in capsys.readouterr().err


@pytest.mark.parametrize("profile", Profile)
def test_labels_as_they_are_built_agree(isolated, profile):
    plan = make(profile=profile)
    assert labels.problems(config_of(plan), plan.tag) == []
    assert labels.problems(config_of(plan), "stable") == []
    assert labels.problems(config_of(plan), "") == []


@pytest.mark.parametrize(
    ("changed", "tag", "problem"),
    [
        ({"spark": "4.1.2"}, None, "the labels say 0.9.80-spark4.1.2"),
        ({"inputs": "f" * 64}, None, "the labels say 0.9.80-spark4.1.1-connect-ffffffff"),
        ({}, "0.9.80-spark3.5.0-slim-00000000", "the tag is 0.9.80-spark3.5.0-slim-00000000"),
        ({"profile": "slim"}, "", "profile slim with Java 17"),
        ({"java": ""}, "", "profile connect with Java none"),
        ({"mage": ""}, "", "no label io.deploykit.mage"),
    ],
)
def test_labels_that_contradict_each_other_are_found(isolated, changed, tag, problem):
    plan = make()
    found = labels.problems(config_of(plan, **changed), plan.tag if tag is None else tag)
    assert any(problem in text for text in found), found


def test_a_runtime_that_the_environment_does_not_name_is_found(isolated):
    config = config_of(make())
    config["config"]["Env"] = []
    assert labels.problems(config, "") == ["JAVA_HOME is not set to /opt/java"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda document: document.update(bomFormat="SPDX"), "not CycloneDX"),
        (lambda document: document.pop("components"), "cannot be read as CycloneDX"),
        (lambda document: document["components"].pop(), None),
        (
            lambda document: document["components"][-2].update(purl="pkg:pypi/pyspark@4.0.0"),
            "PySpark 4.1.1 is not in it",
        ),
        (lambda document: document["components"][2].pop("hashes"), "no hash for"),
        (lambda document: document["components"][2].pop("purl"), "no package URL for"),
        (lambda document: document["metadata"]["component"].update(purl="pkg:oci/x@sha256:1"), "another image"),
        (lambda document: document["metadata"]["component"]["properties"].pop(0), "it says io.deploykit.inputs ''"),
        (lambda document: document["metadata"]["component"]["properties"][-1].update(value="x"), "title 'x'"),
    ],
)
def test_a_bill_of_materials_that_is_wrong_is_found(isolated, change, problem):
    plan = make()
    digest = "sha256:" + "1" * 64
    document = json.loads(sbom(plan, labels=plan.labels, digest=digest))
    assert materials.problems(json.dumps(document).encode(), labels=plan.labels, digest=digest) == []
    change(document)
    found = materials.problems(json.dumps(document).encode(), labels=plan.labels, digest=digest)
    assert (found == []) if problem is None else any(problem in text for text in found), found


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"metadata":{"component":{"properties":[1]}}}'])
def test_what_is_no_bill_of_materials_is_found(data):
    assert materials.problems(data, labels={}, digest="") == ["it cannot be read as CycloneDX"]
