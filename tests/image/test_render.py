"""The rendered context, built by another builder: the same files."""

import json

import pytest
from tests.image.conftest import SPARK, deploykit
from tests.image.layers import entries, layers

HASHES = """
import hashlib, json, os, sys
found = {}
for path in json.load(sys.stdin):
    if os.path.islink(path):
        found[path] = os.readlink(path)
    else:
        with open(path, "rb") as file:
            found[path] = oct(os.stat(path).st_mode) + hashlib.sha256(file.read()).hexdigest()
print(json.dumps(found))
"""


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


def test_buildkit_makes_the_same_bytes_as_the_classic_builder(connect, by_buildkit, paths, docker):
    def hashes(image):
        command = ["run", "--rm", "--interactive", "--network", "none", image, "python3", "-c", HASHES]
        return json.loads(docker(*command, stdin=json.dumps(paths)))

    classic, buildkit = hashes(connect.tagged), hashes(by_buildkit)
    assert len(classic) > 2000
    assert {path for path in classic if classic[path] != buildkit[path]} == set()
