"""Names of repositories are read as Docker reads them."""

import pytest
from docker.auth import split_repo_name

from deploykit.registry.location import locate

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("mage-ilum", "https://registry-1.docker.io/v2/library/mage-ilum/x"),
        ("team/mage-ilum", "https://registry-1.docker.io/v2/team/mage-ilum/x"),
        ("docker.io/mage-ilum", "https://registry-1.docker.io/v2/library/mage-ilum/x"),
        ("index.docker.io/team/mage-ilum", "https://registry-1.docker.io/v2/team/mage-ilum/x"),
        ("ghcr.io/team/mage-ilum", "https://ghcr.io/v2/team/mage-ilum/x"),
        ("registry.example:8443/a/b/c", "https://registry.example:8443/v2/a/b/c/x"),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/m",
            "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/m/x",
        ),
        ("localhost/m", "http://localhost/v2/m/x"),
        ("localhost:5001/m", "http://localhost:5001/v2/m/x"),
        ("127.0.0.1:5000/m", "http://127.0.0.1:5000/v2/m/x"),
        ("127.8.0.1:5000/m", "http://127.8.0.1:5000/v2/m/x"),
        ("[::1]:5000/m", "http://[::1]:5000/v2/m/x"),
        ("10.0.0.1:5000/m", "https://10.0.0.1:5000/v2/m/x"),
    ],
)
def test_a_repository_is_found_where_docker_finds_it(repository, address):
    assert locate(repository).url("x") == address


@pytest.mark.parametrize(
    "repository", ["m", "team/m", "a/b/c", "ghcr.io/m", "registry.example/m", "host:5000/m", "localhost/m", "a.b/c"]
)
def test_hosts_are_told_from_paths_as_the_docker_sdk_does(repository):
    host, _ = split_repo_name(repository)
    assert locate(repository).host == host


@pytest.mark.parametrize("insecure", ["registry.example:5000", "registry.example"])
def test_a_host_that_is_named_insecure_is_spoken_to_by_plain_http(insecure):
    assert locate("registry.example:5000/m", insecure=[insecure]).base == "http://registry.example:5000"
    assert locate("other.example:5000/m", insecure=[insecure]).base == "https://other.example:5000"
    assert locate("registry.example:5001/m", insecure=["registry.example:5000"]).base == "https://registry.example:5001"
