"""The rendered context, built by another builder: the same files."""

import json

import pytest
from tests.image.conftest import SPARK, deploykit
from tests.image.layers import entries, layers

# Bytecode of the same source can differ in how often a constant is written out: its code objects are compared.
HASHES = """
import hashlib, json, marshal, os, sys

def canonical(value):
    if hasattr(value, "co_code"):
        names = sorted(name for name in dir(value) if name.startswith("co_") and not callable(getattr(value, name)))
        return [canonical(getattr(value, name)) for name in names]
    if isinstance(value, (tuple, frozenset)):
        parts = list(map(canonical, value))
        return [type(value).__name__, sorted(parts, key=repr) if isinstance(value, frozenset) else parts]
    return repr(value)

def content(path):
    with open(path, "rb") as file:
        text = file.read()
    if path.endswith(".pyc"):
        return text[:16] + repr(canonical(marshal.loads(text[16:]))).encode()
    return text

found = {}
for path in json.load(sys.stdin):
    if os.path.islink(path):
        found[path] = os.readlink(path)
    else:
        found[path] = oct(os.stat(path).st_mode) + hashlib.sha256(content(path)).hexdigest()
print(json.dumps(found))
"""
CACERTS = "/opt/java/lib/security/cacerts"


@pytest.fixture(scope="module")
def rendered(connect, base_image, own_repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered") / "out"
    options = ["--spark", SPARK, "--base", base_image, "--repository", own_repository]
    done = deploykit("render", str(folder), *options)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def by_buildkit(rendered, docker, registry):
    reference = f"{registry}/deploykit-test/buildkit:latest"
    options = ["--network", "host", "--tag", reference]
    docker("build", *options, str(rendered / "image"), env={"DOCKER_BUILDKIT": "1"})
    return reference


@pytest.fixture(scope="module")
def paths(connect, registry, base_image, own_repository):
    """Every file that our layers add."""
    ours = layers(registry, connect.exact)[len(layers(registry, base_image)) :]
    found = (entry for digest in ours for entry in entries(registry, own_repository, digest))
    return sorted({entry.path for entry in found if entry.kind != "d"})


def test_the_rendered_context_is_that_of_the_image(rendered, connect):
    hash_of_inputs = connect.tagged.rpartition("-")[2]
    assert f'io.deploykit.inputs="{hash_of_inputs}' in (rendered / "image" / "Dockerfile").read_text()
    assert connect.tagged.rpartition(":")[2] in (rendered / "values.yaml").read_text()
    assert len(list((rendered / "image" / "wheels" / "pyspark").glob("pyspark-4.1.1+nojars-*.whl"))) == 1


def test_buildkit_makes_the_same_files_as_the_classic_builder(connect, by_buildkit, paths, docker):
    def hashes(image):
        command = ["run", "--rm", "--interactive", "--network", "none", image, "python3", "-c", HASHES]
        return json.loads(docker(*command, stdin=json.dumps(paths)))

    classic, buildkit = hashes(connect.tagged), hashes(by_buildkit)
    assert len(classic) > 2000
    # Debian dates each certificate when its store is made.
    assert {path for path in classic if classic[path] != buildkit[path]} <= {CACERTS}


def test_both_trust_the_same_certificate_authorities(connect, by_buildkit, docker):
    def fingerprints(image):
        command = ["keytool", "-list", "-keystore", CACERTS, "-storepass", "changeit"]
        listed = docker("run", "--rm", "--network", "none", image, *command).splitlines()
        return sorted(line for line in listed if line.startswith("Certificate fingerprint"))

    assert len(fingerprints(connect.tagged)) > 100
    assert fingerprints(connect.tagged) == fingerprints(by_buildkit)
