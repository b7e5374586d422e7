"""What is attached to an image in a real registry: the bill of materials is true, and signatures are cosign's own."""

import json
import os
import subprocess
import urllib.request

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.image.conftest import SPARK, deploykit
from tests.unit.image.plans import make
from tests.unit.supply_chain.images import Said, push

from deploykit.cli.main import run
from deploykit.errors import BuildError
from deploykit.registry import Registry
from deploykit.supply_chain import complete

PASSWORD = "pass-word-of-the-key"


@pytest.fixture(scope="module")
def keys(needs_cosign, tmp_path_factory):
    """A folder with two pairs of keys: `ours` and `other`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "other"):
        subprocess.run(
            [needs_cosign, "generate-key-pair", f"--output-key-prefix={name}"],
            cwd=folder,
            env={**os.environ, "COSIGN_PASSWORD": PASSWORD},
            check=True,
            capture_output=True,
            timeout=60,
        )
    return folder


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("COSIGN_PASSWORD", PASSWORD)


@pytest.fixture
def image(repository):
    """A small image in the registry, with the labels of a real one: its plan, its digest, and the client."""
    plan = make(repository=repository)
    registry = Registry(repository)
    return plan, push(plan, registry), registry


def signed(image, key):
    """Complete an image; returns what was said."""
    plan, digest, registry = image
    said = Said()
    complete(plan, plan.reference, digest, registry=registry, key=str(key), progress=said)
    return said.steps


@pytest.fixture
def verify(capsys):
    """`deploykit verify`: the exit code, and the outcomes by name."""

    def verify(reference, *options):
        code = run(["verify", reference, "-o", "json", *map(str, options)])
        findings = json.loads(capsys.readouterr().out)["findings"]
        return code, {row["check"]: row["outcome"] for row in findings}

    return verify


@pytest.fixture(scope="module")
def materials(connect, tmp_path_factory):
    """The bill of materials that `deploykit image --push` attached to a real image."""
    file = tmp_path_factory.mktemp("sbom") / "sbom.json"
    done = deploykit("verify", connect.exact, "--sbom", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    return file.read_text()


def test_a_pushed_image_has_a_valid_bill_of_materials_attached_once(connect, own_repository, materials):
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(materials) is None
    assert len(Registry(own_repository).referrers(connect.digest)) == 1
    assert connect.second.stderr.count("Attaching the bill of materials") == 1
    assert "Attaching" not in connect.third.stderr


def test_it_lists_just_the_distributions_that_the_image_has_and_its_base_lacks(connect, base_image, docker, materials):
    def installed(image):
        pip = ("-m", "pip", "--disable-pip-version-check", "list", "--format", "json")
        listed = json.loads(docker("run", "--rm", "--network", "none", "--entrypoint", "python3", image, *pip))
        return {(entry["name"].lower().replace("_", "-"), entry["version"]) for entry in listed}

    def as_installed(part):
        properties = {entry["name"]: entry["value"] for entry in part["properties"]}
        return part["name"], properties.get("io.deploykit.installed", part["version"])

    parts = json.loads(materials)["components"]
    listed = {as_installed(part) for part in parts if part.get("purl", "").startswith("pkg:pypi/")}
    assert listed == installed(connect.tagged) - installed(base_image)


def test_it_names_the_java_that_runs_in_the_image(connect, docker, materials):
    [version] = [part["version"] for part in json.loads(materials)["components"] if part["name"] == "openjdk-17"]
    said = docker("run", "--rm", "--network", "none", "--entrypoint", "java", connect.tagged, "--version")
    assert f"(build {version.partition('-')[0]}-" in said


@pytest.mark.usefixtures("password")
def test_image_signs_what_is_pushed_already_and_cosign_says_so_too(verify, connect, build, keys, needs_cosign):
    done = build("--spark", SPARK, "--push", "--sign-key", str(keys / "ours.key"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == connect.third.stdout
    assert PASSWORD not in done.stderr
    code, findings = verify(connect.exact, "--key", keys / "ours.pub")
    assert code == 0
    assert (findings["signature"], findings["SBOM's signature"]) == ("ok", "ok")
    by_hand = [needs_cosign, "verify", f"--key={keys / 'ours.pub'}", "--insecure-ignore-tlog=true", connect.exact]
    checked = subprocess.run(by_hand, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr


def test_image_and_materials_are_signed_once_by_each_key(image, keys, password, verify):
    plan, digest, registry = image
    assert [step.split()[0] for step in signed(image, keys / "ours.key")] == ["Attaching", "Signing", "Signing"]
    tags = registry.tags()
    assert signed(image, keys / "ours.key") == []
    assert registry.tags() == tags
    assert verify(plan.reference, "--key", keys / "ours.pub")[0] == 0
    code, findings = verify(plan.reference, "--key", keys / "other.pub")
    assert (code, findings["signature"], findings["SBOM's signature"]) == (6, "FAIL", "FAIL")
    assert len(signed(image, keys / "other.key")) == 2
    for key in ("ours.pub", "other.pub"):
        assert verify(f"{plan.repository}@{digest}", "--key", keys / key)[0] == 0


def test_an_image_that_nobody_signed_does_not_hold_by_a_key(image, keys, verify):
    plan, digest, registry = image
    complete(plan, plan.reference, digest, registry=registry, key=None, progress=Said())
    code, findings = verify(plan.reference, "--key", keys / "ours.pub")
    assert (code, findings["SBOM"], findings["signature"]) == (6, "ok", "FAIL")
    assert verify(plan.reference)[0] == 0


def test_a_signature_of_the_image_does_not_vouch_for_materials_that_were_put_beside_it_later(
    image, keys, password, verify
):
    plan, digest, registry = image
    other = make(repository=plan.repository, spark="4.1.2")
    complete(other, other.reference, push(other, registry), registry=registry, key=None, progress=Said())
    signed((plan, digest, registry), keys / "ours.key")
    from deploykit.supply_chain import sign

    sign.sign(registry, registry.digest(other.tag), key=str(keys / "ours.key"), progress=Said(), what="the image")
    code, findings = verify(other.reference, "--key", keys / "ours.pub")
    assert (code, findings["signature"], findings["SBOM's signature"]) == (6, "ok", "FAIL")


def test_a_wrong_password_is_a_failure_that_does_not_repeat_it(image, keys, monkeypatch):
    monkeypatch.setenv("COSIGN_PASSWORD", "wrong-word")
    with pytest.raises(BuildError, match="cannot be used") as caught:
        signed(image, keys / "ours.key")
    assert "COSIGN_PASSWORD" in caught.value.fix
    assert "wrong-word" not in f"{caught.value.what} {caught.value.why} {caught.value.fix}"


@pytest.mark.usefixtures("password")
def test_the_password_is_in_no_list_of_arguments(image, keys, tmp_path, monkeypatch, needs_cosign):
    """A cosign in between that keeps what it was called with."""
    kept = tmp_path / "arguments"
    program = tmp_path / "cosign"
    program.write_text(f'#!/bin/sh\necho "$@" >>{kept}\nexec {needs_cosign} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    signed(image, keys / "ours.key")
    calls = kept.read_text()
    assert [line.split()[0] for line in calls.splitlines()] == ["public-key", "verify", "sign"] * 2
    assert PASSWORD not in calls
    assert calls.count("--tlog-upload=false") == 2


def test_a_layer_that_the_registry_lost_is_found(image, registry, verify):
    plan, digest, client = image
    complete(plan, plan.reference, digest, registry=client, key=None, progress=Said())
    lost = client.manifest(digest).blobs()[1]
    path = f"http://{registry}/v2/{plan.repository.removeprefix(registry + '/')}/blobs/{lost}"
    with urllib.request.urlopen(urllib.request.Request(path, method="DELETE"), timeout=10) as answer:
        assert answer.status == 202
    code, findings = verify(plan.reference)
    assert (code, findings["content"]) == (6, "FAIL")
