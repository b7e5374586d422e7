"""What `--full` looks for: by policy, side by side, and what cannot be asked is said and changes nothing."""

import json
import time
from dataclasses import replace

import pytest
from tests.unit.image.plans import REFERENCE, make
from tests.unit.registry.server import running
from tests.unit.steps import Steps
from tests.unit.supply_chain import images
from tests.unit.sync.environments import environment, server

from deploykit import catalog
from deploykit.image import index, source_hashes
from deploykit.image_reference import ImageReference
from deploykit.registry import Registry
from deploykit.request import Profile
from deploykit.supply_chain import complete
from deploykit.supply_chain.sbom import MEDIA_TYPE
from deploykit.sync import client, full
from deploykit.sync.drift import DEFAULTS, Kind, Policy
from deploykit.sync.environment import Environment
from deploykit.sync.find import Found

pytestmark = pytest.mark.usefixtures("isolated")

IGNORE = dict.fromkeys(DEFAULTS, Policy.IGNORE)


@pytest.fixture
def look(closed_port):
    """Look closer at an image of the plan, in a registry that does not answer."""

    def look(asked: Environment, *, runs: str, **labels: str) -> full.Looked:
        wanted = client.wanted(asked, server(runs))
        image = ImageReference(asked.request.repository, "0.9.80-spark4.1.1-slim-00000000", "sha256:" + "1" * 64)
        found = Found(image=image, labels={**make(profile=Profile.SLIM).labels, **labels}, whole=True)
        registry = Registry.of(asked.request.repository, asked.request)
        return full.look(asked, found, wanted, registry=registry, progress=Steps())

    def ask_for(
        policies: dict[Kind, Policy],
        *,
        profile: Profile = Profile.SLIM,
        pinned: str | None = None,
        runs: str = "4.1.1",
        **labels: str,
    ) -> full.Looked:
        asked = environment(
            policies={**IGNORE, **policies},
            profile=profile,
            client=pinned,
            repository=f"127.0.0.1:{closed_port}/mage",
            base=f"127.0.0.1:{closed_port}/{REFERENCE.partition('/')[2]}",
            timeout=0.5,
        )
        return look(asked, runs=runs, **labels)

    return ask_for


def drift(looked: full.Looked) -> list[tuple[str, str, str, str]]:
    return [(str(item.kind), item.before, item.after, str(item.policy)) for item in looked.drift]


def test_what_is_ignored_is_not_asked(look):
    looked = look({})
    assert looked.drift == ()
    assert [note.partition(" ")[0] for note in looked.notes] == ["image"]


def test_what_cannot_be_asked_is_said_and_is_no_drift(look):
    looked = look(dict(DEFAULTS), profile=Profile.CONNECT)
    assert looked.drift == ()
    assert [note.partition(" was not looked at: ")[0] for note in looked.notes] == ["image", "base", "java", "wheel"]


def test_a_profile_without_java_has_no_java_to_look_at(look):
    assert not any(note.startswith("java") for note in look({Kind.JAVA: Policy.REBUILD}).notes)


def test_another_deploykit_is_told_by_what_it_puts_into_an_image(look):
    report = {Kind.DEPLOYKIT: Policy.REPORT}
    assert look(report).drift == ()
    assert drift(look(report, **{"io.deploykit.sources": "0" * 16})) == [
        ("deploykit", f"sources {'0' * 16}", source_hashes.label(source_hashes.hashes()), "report")
    ]
    [(_, before, _, _)] = drift(look(report, **{"io.deploykit.sources": ""}))
    assert before == "sources of an older deploykit"


def test_a_newer_patch_is_known_from_the_catalog_where_no_index_answers(look):
    newest = catalog.load().newest_patch("4.1").release
    looked = look({Kind.PATCH: Policy.REPORT})
    assert drift(looked) == [("patch", "4.1.1", newest, "report")]
    assert looked.wanted.client.release == "4.1.1"
    assert look({Kind.PATCH: Policy.REPORT}, **{"io.deploykit.spark": newest}).drift == ()


def test_a_newer_patch_that_is_wanted_is_what_a_new_image_gets(look):
    looked = look({Kind.PATCH: Policy.REBUILD})
    assert looked.wanted.client == catalog.load().newest_patch("4.1")


@pytest.mark.parametrize("runs", ["4.1.1", "4.9.0"])
def test_a_client_that_was_pinned_has_no_newer_patch(look, runs):
    looked = look({Kind.PATCH: Policy.REBUILD}, pinned="4.1.0", runs=runs, **{"io.deploykit.spark": "4.1.0"})
    assert looked.drift == ()
    assert looked.wanted.client.release == "4.1.0"


@pytest.fixture
def in_registry(monkeypatch, isolated):
    """The wheels that are asked for, of an image that a registry has, where others attached their documents first."""
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(index, "yanked", lambda pins, target, *, ca_file: asked.append(pins) or {})

    def look(*documents: bytes, ours: bool) -> tuple[full.Looked, list[dict[str, str]]]:
        with running(has_referrers=True) as small:
            built = make(repository=small.repository, profile=Profile.SLIM)
            registry = Registry.of(small.repository, environment(repository=small.repository).request)
            digest = images.push(built, registry)
            for data in documents:
                registry.attach(digest, artifact_type=MEDIA_TYPE, data=data, media_type=MEDIA_TYPE, annotations={})
            if ours:
                complete(built, built.reference, digest, registry=registry, key=None, progress=images.Said())
            policies = {**IGNORE, Kind.WHEEL: Policy.REPORT}
            one = environment(repository=small.repository, profile=Profile.SLIM, policies=policies)
            found = Found(image=ImageReference(small.repository, built.tag, digest), labels=built.labels, whole=True)
            wanted = client.wanted(one, server("4.1.1"))
            return full.look(one, found, wanted, registry=registry, progress=Steps()), asked

    return look


@pytest.mark.parametrize(
    "document",
    [b"no JSON", b"{}", json.dumps({"components": [{"purl": "pkg:pypi/of-the-base@1.0"}]}).encode()],
    ids=["no JSON", "no CycloneDX", "of a scanner"],
)
def test_the_wheels_are_those_of_our_own_bill_of_materials(in_registry, document):
    looked, asked = in_registry(document, ours=True)
    assert looked.notes == ()
    assert [("of-the-base" in pins, pins["pyspark"]) for pins in asked] == [(False, "4.1.1")]
    looked, asked = in_registry(document, ours=False)
    assert looked.notes == (
        "wheel was not looked at: the image has no SBOM of deploykit's, which would name its wheels.",
    )
    assert len(asked) == 1


def test_all_is_asked_side_by_side(look, monkeypatch):
    def slow(subject: full.Subject) -> list[tuple[str, str]]:
        time.sleep(0.3)
        return [("a", "b")]

    monkeypatch.setattr(full, "_LOOKS", dict.fromkeys(DEFAULTS, slow))
    began = time.monotonic()
    looked = look(dict.fromkeys(DEFAULTS, Policy.REPORT))
    assert len(looked.drift) == len(DEFAULTS)
    assert time.monotonic() - began < 0.3 * len(DEFAULTS)


def test_wheels_that_were_taken_back_are_avoided_by_a_new_image(look, monkeypatch):
    monkeypatch.setattr(full, "_LOOKS", {Kind.WHEEL: lambda subject: [("grpcio==1.74.0", "yanked: x")]})
    assert look({Kind.WHEEL: Policy.REPORT}).wanted.avoid == ()
    assert look({Kind.WHEEL: Policy.REBUILD}).wanted.avoid == ("grpcio==1.74.0",)
    assert replace(look({Kind.WHEEL: Policy.REBUILD}).wanted, avoid=()) == look({}).wanted
