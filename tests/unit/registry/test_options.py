"""`--insecure-registry` reaches the client, wherever it is set; a proxy sees what it asks for."""

from pathlib import Path

import pytest

from deploykit.cli.main import run

HOST = "registry.example"


@pytest.fixture
def asked(small, isolated, monkeypatch):
    """What a proxy is asked for while `deploykit verify` runs."""
    monkeypatch.setenv("HTTP_PROXY", f"http://{small.host}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{small.host}")

    def asked(*options: str) -> list[str]:
        run(["verify", f"{HOST}/m:t", "--timeout", "2", *options])
        return [f"{request.method} {request.host}" for request in small.asked]

    return asked


def test_a_registry_is_asked_by_tls_unless_it_is_named(asked):
    assert {request.split()[0] for request in asked()} == {"CONNECT"}


def test_an_option_names_it(asked):
    assert set(asked("--insecure-registry", "other.example", "--insecure-registry", HOST)) >= {f"HEAD {HOST}"}


def test_a_variable_names_it(asked, monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_INSECURE_REGISTRY", f"other.example {HOST}")
    assert f"HEAD {HOST}" in asked()


@pytest.mark.parametrize("value", [f'"{HOST}"', f'["other.example", "{HOST}"]'])
def test_deploykit_toml_names_it(asked, value):
    Path("deploykit.toml").write_text(f"insecure-registry = {value}\n", encoding="utf-8")
    assert f"HEAD {HOST}" in asked()
