"""`deploykit status`: within its time, whoever is silent; a cell, not an error."""

import json
import time
from pathlib import Path

import pytest
from tests.unit.mage_ilum.servers import grpc_server, silent

from deploykit.cli.main import run

pytestmark = pytest.mark.usefixtures("isolated")

ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"  # AnalyzePlanResponse.spark_version.version
VALUES = "mageai:\n  image: {{repository: '{host}/mage', tag: 0.9.80-spark4.1.1-slim-0, digest: 'sha256:{digest}'}}\n"


def project(*environments: str, host: str) -> None:
    """`deploykit.toml`, and a values file for each environment that names an image of the registry."""
    text = f'repository = "{host}/mage"\n' + "\n".join(environments)
    Path("deploykit.toml").write_text(text, encoding="utf-8")
    for name in ("one", "two"):
        Path(f"{name}.yaml").write_text(VALUES.format(host=host, digest="1" * 64), encoding="utf-8")


def told(capsys) -> list[dict[str, object]]:
    assert run(["status", "-o", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_silent_servers_and_registries_cost_three_seconds_all_together(capsys):
    with silent() as server, silent() as registry:
        project(
            f'[environments.one]\nserver = "sc://127.0.0.1:{server}"\nvalues = "one.yaml"',
            f'[environments.two]\nserver = "sc://127.0.0.1:{server}"\nvalues = "two.yaml"',
            host=f"127.0.0.1:{registry}",
        )
        began = time.monotonic()
        found = told(capsys)
        took = time.monotonic() - began
    assert took < 4
    for one in found:
        assert (one["server"], one["registry"], one["drift"], one["last_sync"]) == (None, "not asked", None, None)
        assert str(one["image"]).endswith("@sha256:" + "1" * 64)
        assert one["problems"]


def test_what_is_known_is_shown_beside_what_is_not(capsys, closed_port):
    with grpc_server(lambda request, context: ANSWER) as server:
        project(
            f'[environments.one]\nserver = "sc://127.0.0.1:{server}"\nvalues = "one.yaml"',
            f'[environments.none]\nserver = "sc://127.0.0.1:{server}"\nvalues = "none.yaml"',
            host=f"127.0.0.1:{closed_port}",
        )
        one, none = told(capsys)
        assert run(["status"]) == 0
    assert (one["server"]["version"], one["registry"], one["drift"]) == ("4.1.1", "not asked", None)
    assert (none["image"], none["registry"]) == ("", "not asked")
    assert [drift["kind"] for drift in none["drift"]] == ["values"]
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].split() == [
        "ENVIRONMENT",
        "SERVER",
        "DEPLOYED",
        "REGISTRY",
        "LAST",
        "SYNC",
        "DRIFT",
    ]
    assert "could not be asked" in shown.err


def test_a_server_whose_client_would_be_refused_is_said_so(capsys, closed_port):
    project(
        '[environments.one]\nspark = "9.9.9"\nvalues = "none.yaml"\n',
        host=f"127.0.0.1:{closed_port}",
    )
    [one] = told(capsys)
    assert one["drift"] is None
    assert "is of a line that this deploykit does not know" in one["problems"][0]


def test_a_values_file_that_is_no_yaml_is_a_cell_too(capsys, closed_port):
    project('[environments.one]\nspark = "4.1.1"\nvalues = "one.yaml"\n', host=f"127.0.0.1:{closed_port}")
    Path("one.yaml").write_text("a: b: c", encoding="utf-8")
    [one] = told(capsys)
    assert "one.yaml is not a YAML file" in one["problems"][0]
    assert one["drift"] is None


def test_a_record_that_cannot_be_read_is_said_and_hides_no_drift(capsys, closed_port):
    project('[environments.none]\nspark = "4.1.1"\nvalues = "none.yaml"\n', host=f"127.0.0.1:{closed_port}")
    Path("none.yaml.sync.json").write_text("{broken", encoding="utf-8")
    [none] = told(capsys)
    assert "none.yaml.sync.json cannot be read" in none["problems"][0]
    assert [drift["kind"] for drift in none["drift"]] == ["values"]


def test_a_longer_limit_is_kept_and_whoever_keeps_silent_within_it_is_named(capsys):
    with silent() as registry, grpc_server(lambda request, context: ANSWER) as server:
        project(
            f'timeout = 0.5\n[environments.one]\nserver = "sc://127.0.0.1:{server}"\nvalues = "one.yaml"',
            host=f"127.0.0.1:{registry}",
        )
        began = time.monotonic()
        [one] = told(capsys)
        took = time.monotonic() - began
    assert took < 2.5
    assert "within 0.5 s" in " ".join(one["problems"])
