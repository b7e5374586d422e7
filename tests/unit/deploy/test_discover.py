"""A cluster that cannot be asked is an error with a sentence, in a few seconds."""

import socket
import time

import pytest
import yaml

from deploykit.deploy.discover import SECONDS, Cluster
from deploykit.errors import UnreachableError, UsageError


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    """Write a kubeconfig whose server is at a port of the loopback address."""

    def write(port):
        path = tmp_path / "kubeconfig"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "here", "cluster": {"server": f"https://127.0.0.1:{port}"}}],
                    "users": [{"name": "me", "user": {"token": "none"}}],
                    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
                    "current-context": "here",
                }
            ),
            encoding="utf-8",
        )
        monkeypatch.setenv("KUBECONFIG", str(path))
        monkeypatch.setenv("no_proxy", "127.0.0.1")

    return write


def test_a_missing_kubeconfig_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(UsageError, match="No usable kubeconfig") as raised:
        Cluster()
    assert "KUBECONFIG" in raised.value.fix


def test_a_context_that_is_not_there_is_named(kubeconfig):
    kubeconfig(1)
    with pytest.raises(UsageError, match="'elsewhere'"):
        Cluster("elsewhere")


def test_a_refused_connection_is_unreachable(kubeconfig):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        kubeconfig(unused.getsockname()[1])
        with pytest.raises(UnreachableError, match="does not answer"):
            Cluster().spark_pods("ilum")


def test_a_silent_api_server_is_given_up_in_time(kubeconfig):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        kubeconfig(silent.getsockname()[1])
        cluster = Cluster()
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="does not answer"):
            cluster.services("ilum")
        assert time.monotonic() - start < SECONDS + 1
