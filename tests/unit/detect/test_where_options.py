"""Whom to ask: from flags, variables and `deploykit.toml`, for `detect` and for all that make an image."""

import json
from contextlib import ExitStack
from pathlib import Path

import click
import pytest
from tests.unit.detect.ilum_core import IlumCore, cluster, job
from tests.unit.detect.test_ask import answering

from deploykit.cli.main import run
from deploykit.cli.request_options import request_options

pytestmark = pytest.mark.usefixtures("isolated")


@click.command()
@request_options
def asked(request):
    """What a request asks whom."""
    return request.where if not request.spark else request.spark


def where(*arguments, **file):
    found = asked.main([*arguments], standalone_mode=False, default_map=file)
    return found if isinstance(found, str) else (found.servers, found.namespace, found.ilum_core, found.helm_release)


@pytest.mark.parametrize(
    ("arguments", "file", "expected"),
    [
        (["--server", "sc://a"], {}, (("sc://a",), None, None, None)),
        (["--server", "sc://a", "--server", "sc://b"], {}, (("sc://a", "sc://b"), None, None, None)),
        ([], {"server": ["sc://a"]}, (("sc://a",), None, None, None)),
        ([], {"server": ["sc://a", "sc://b"]}, (("sc://a", "sc://b"), None, None, None)),
        (["--server", "sc://c"], {"server": ["sc://a", "sc://b"]}, (("sc://c",), None, None, None)),
        (["--server", ""], {"namespace": "ilum"}, ((), "ilum", None, None)),
        (["--server", "sc://a", "--namespace", "ilum"], {}, (("sc://a",), "ilum", None, None)),
        (["--ilum-core", "http://x"], {}, ((), None, "http://x", None)),
        (["--helm-values", "x"], {"namespace": "ilum"}, ((), "ilum", None, "x")),
        (["--server", "sc://a"], {"namespace": "ilum", "helm_values": "x"}, (("sc://a",), None, None, None)),
        (["--spark", "4.1.1"], {"server": ["sc://a", "sc://b"], "ilum_core": "http://x", "helm_values": "x"}, "4.1.1"),
    ],
)
def test_what_is_named_nearer_to_the_person_takes_the_place_of_what_is_named_elsewhere(arguments, file, expected):
    assert where(*arguments, **file) == expected


def test_a_variable_names_several_servers_with_blanks_between(monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_SERVER", "sc://a sc://b")
    monkeypatch.setenv("DEPLOYKIT_ILUM_CORE", "http://x")
    assert where() == (("sc://a", "sc://b"), None, "http://x", None)


def test_detect_takes_its_servers_from_the_file_and_shows_all_that_it_found(capsys):
    with ExitStack() as stack:
        servers = [answering(stack, "4.1.1"), answering(stack, "4.0.1")]
        ilum = stack.enter_context(IlumCore(clusters=[cluster(image="ilum/spark:3.5.7")], listed=[job("c", "x:y")]))
        Path("deploykit.toml").write_text(f"server = {json.dumps(servers)}\nilum-core = '{ilum.url}'\n")
        assert run(["detect", "-o", "json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert run(["detect"]) == 0
        table = capsys.readouterr().out
    assert (found["version"], found["confidence"]) == ("4.0.1", "certain")
    assert sorted(item["version"] for item in found["evidence"]) == ["3.5.7", "4.0.1", "4.1.1"]
    assert len(found["disagreements"]) == 2
    for words in ("Ilum cluster", "Disagreements", "The oldest decides", "but 4.0.1 and 4.1.1 run"):
        assert words in table


def test_what_gave_no_answer_is_shown(capsys, closed_port):
    with ExitStack() as stack:
        assert run(["detect", answering(stack, "4.1.1"), "--ilum-core", f"http://127.0.0.1:{closed_port}"]) == 0
    out = capsys.readouterr().out
    assert "No answer from\n  Ilum API: " in out
    assert "refused the connection" in out
