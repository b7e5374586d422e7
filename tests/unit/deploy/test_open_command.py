"""`deploykit open` without a cluster: what it says, and which settings reach it."""

import socket
from pathlib import Path

import pytest
from tests.unit.kubernetes.api_server import kubeconfig, serving

from deploykit.cli.main import run


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A cluster where Mage runs in no namespace, and a folder without deploykit.toml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEPLOYKIT_MAGE_NAMESPACE", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    empty = {"metadata": {}, "items": []}
    namespaces = ("mage", "spark", "etl")
    with serving({f"/api/v1/namespaces/{name}/pods": empty for name in namespaces}) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        yield


def test_help_says_why_the_address_is_not_localhost(capsys):
    assert run(["open", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "http://127.0.0.1:9777, and never http://localhost:9777" in text
    assert "calls port 6789" in text


@pytest.mark.usefixtures("cluster")
def test_the_namespace_is_mages_own_and_not_that_of_spark(capsys, monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_NAMESPACE", "spark")
    Path("deploykit.toml").write_text('namespace = "spark"\n')
    assert run(["open", "--port", "0"]) == 4
    assert "no release of Mage in namespace mage" in capsys.readouterr().err
    Path("deploykit.toml").write_text('namespace = "spark"\nmage-namespace = "etl"\n')
    assert run(["open", "--port", "0"]) == 4
    assert "in namespace etl" in capsys.readouterr().err
    monkeypatch.setenv("DEPLOYKIT_MAGE_NAMESPACE", "mage")
    assert run(["open", "--port", "0"]) == 4
    assert "in namespace mage" in capsys.readouterr().err


@pytest.mark.usefixtures("cluster")
def test_a_port_that_is_taken_is_wrong_usage(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["open", "--port", str(port)]) == 2
    said = capsys.readouterr()
    assert f"Port {port} of 127.0.0.1 cannot be used" in said.err
    assert said.out == ""
