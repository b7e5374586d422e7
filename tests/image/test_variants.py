"""Bases that hold other things than the default one: built on where it fits, refused with both reasons where not."""

import json

import pytest
from tests.image.conftest import SPARK, deploykit
from tests.image.layers import entries, layers

FAKE_PYSPARK = "Metadata-Version: 2.1\nName: pyspark\nVersion: 3.5.0\n"


@pytest.fixture(scope="session")
def with_grpcio(variants):
    """As the published image: grpcio is there already."""
    return variants.with_distributions(
        "grpcio", "grpcio==1.74.0", "grpcio-status==1.74.0", "googleapis-common-protos==1.76.0"
    )


@pytest.fixture(scope="session")
def with_old_grpcio(variants):
    return variants.with_distributions("old-grpcio", "grpcio==1.46.3")


@pytest.fixture(scope="session")
def with_pyspark(variants):
    path = "/usr/local/lib/python3.10/site-packages/pyspark-3.5.0.dist-info/METADATA"
    return variants.with_file("pyspark", path, FAKE_PYSPARK)


@pytest.fixture(scope="session")
def with_python_311(variants):
    return variants.with_python_311()


def test_a_grpcio_that_fits_is_used_again_and_not_added(build, with_grpcio, registry, own_repository, docker):
    done = build("--spark", SPARK, "--profile", "slim", "--push", base=with_grpcio)
    assert done.returncode == 0, done.stderr
    assert "re-used" in done.stderr
    exact = done.stdout.strip()
    below = len(json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", with_grpcio)))
    added = [
        entry.path
        for digest in layers(registry, exact)[below:]
        for entry in entries(registry, own_repository, digest)
        if entry.kind == "f" and "/site-packages/" in entry.path and "__pycache__" not in entry.path
    ]
    assert [path for path in added if "/py4j/" in path]
    assert [path for path in added if "/grpc/" in path or "/grpcio" in path or "/google/" in path] == []


def test_a_plan_for_a_base_that_was_read_says_what_it_holds(with_grpcio):
    found = deploykit("plan", "--spark", SPARK, "--base", with_grpcio, "-o", "json")
    answer = json.loads(found.stdout)
    assert answer["reused"]["grpcio"] == "1.74.0"
    assert set(answer["added"]) == {"dumb-init", "py4j", "zstandard"}
    assert answer["base"]["assumed"] is False


@pytest.mark.parametrize("command", ["plan", "image"])
def test_a_grpcio_that_is_too_old_is_refused_with_both_requirements(command, with_old_grpcio):
    found = deploykit(command, "--spark", SPARK, "--base", with_old_grpcio, "--profile", "slim")
    assert found.returncode == 3
    assert found.stdout == ""
    assert f"Spark {SPARK} and {with_old_grpcio} clash over grpcio." in found.stderr
    assert "The client requires grpcio>=1.48.1; the base holds grpcio 1.46.3" in found.stderr


@pytest.mark.parametrize("spark", ["3.5.0", SPARK])
def test_a_base_with_a_pyspark_is_refused_with_the_way_out(spark, with_pyspark):
    found = deploykit("image", "--spark", spark, "--base", with_pyspark, "--profile", "slim")
    assert found.returncode == 3
    assert f"{with_pyspark} has a pyspark 3.5.0 already; ours would have to replace it." in found.stderr
    assert "--base" in found.stderr


def test_spark_4_3_is_built_and_verified_on_a_base_with_python_3_11(build, with_python_311, docker):
    done = build("--spark", "4.3.0", "--profile", "slim", base=with_python_311)
    assert done.returncode == 0, done.stderr[-4000:]
    labels = json.loads(docker("inspect", "--format", "{{json .Config.Labels}}", done.stdout.strip()))
    assert (labels["io.deploykit.spark"], labels["io.deploykit.python"][:5]) == ("4.3.0", "3.11.")


def test_a_refusal_for_python_3_10_has_no_counterpart_on_3_11(base_image, with_python_311):
    assert deploykit("plan", "--spark", "4.3.0", "--base", base_image).returncode == 3
    assert deploykit("plan", "--spark", "4.3.0", "--base", with_python_311).returncode == 0
