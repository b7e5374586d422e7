"""The call of buildx, as it was reviewed."""

from pathlib import Path

from deploykit.image.base import repository
from deploykit.image.builder import buildx_command


def test_buildx_loads_one_platform_without_attestations_and_keeps_values_out_of_its_arguments():
    command = buildx_command(
        Path("/context"),
        tag="mage:1",
        platform="linux/arm64",
        build_args={"https_proxy": "http://me:p4ssw0rd@proxy.example", "HTTP_PROXY": "x"},
        network="host",
    )
    assert command == (
        "docker", "buildx", "build", "--load", "--progress=plain", "--provenance=false", "--platform=linux/arm64",
        "--tag=mage:1", "--network=host", "--build-arg=HTTP_PROXY", "--build-arg=https_proxy", "/context",
    )  # fmt: skip


def test_buildx_uses_its_own_network_unless_told():
    command = buildx_command(Path("/context"), tag="mage:1", platform="linux/amd64", build_args={}, network=None)
    assert not [word for word in command if "network" in word]


def test_a_repository_is_a_reference_without_tag_and_digest():
    for reference in (
        "registry.example:5000/a/b:1",
        "registry.example:5000/a/b",
        "registry.example:5000/a/b:1@sha256:00",
    ):
        assert repository(reference) == "registry.example:5000/a/b"
    assert repository("mage:1") == "mage"
