"""Where an image is tried that no engine made; what an engine makes is not tried twice."""

import pytest

from deploykit.cli.main import run
from deploykit.image.append.verify_in import pod


@pytest.mark.parametrize("machine", ["amd64", "arm64"])
def test_the_pod_goes_to_a_node_of_the_image_s_platform(machine):
    made = pod("ci", "registry.example/mage@sha256:0", ("true",), platform=f"linux/{machine}")
    assert made["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux", "kubernetes.io/arch": machine}


def test_the_pod_names_no_secrets_so_that_kubernetes_adds_those_of_the_service_account():
    assert "imagePullSecrets" not in pod("ci", "x", ("true",), platform="linux/amd64")["spec"]


def test_docker_refuses_the_namespace_that_it_would_not_look_at(isolated, capsys):
    request = ("--spark", "4.1.1", "--repository", "registry.example/mage", "--engine", "docker")
    assert run(["image", "--push", *request, "--verify-in", "ci"]) == 2
    assert "--verify-in is for an image that no engine makes" in capsys.readouterr().err
