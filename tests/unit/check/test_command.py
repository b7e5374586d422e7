"""`deploykit check` as it is typed: what it prints, its exit codes, and that no token is in any of it."""

import json
import os
import subprocess
import sys
import time

import pytest
from tests.unit.check import listeners
from tests.unit.check.listeners import TOKEN, spark, wants_token

from deploykit.check import codes
from deploykit.check.model import LAYERS, Walk
from deploykit.cli.main import run
from mage_ilum import check
from mage_ilum.connect.certificate import ROOTS_VARIABLE

STEP = {"name", "outcome", "code", "sentence", "why", "fix", "seconds", "where", "exit_code"}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """A working folder without a `deploykit.toml`."""
    monkeypatch.chdir(tmp_path)


def lines(text):
    return [line.split() for line in text.splitlines() if line]


def test_the_table_reads_like_the_way_from_mage_to_spark(capsys):
    with spark()() as url:
        assert run(["check", url, "--client", "4.1.1"]) == 0
    said = capsys.readouterr()
    *steps, last = lines(said.out)
    assert [words[1] for words in steps] == list(LAYERS)
    assert "".join(last).startswith("Spark4.1.1canbereachedfromhere")
    assert "\x1b" not in said.out
    assert said.err == ""


def test_a_failure_is_followed_by_its_causes_and_the_next_command(capsys, closed_port):
    assert run(["check", f"sc://127.0.0.1:{closed_port}"]) == 4
    said = capsys.readouterr().out
    [failure] = [line for line in said.splitlines() if line.startswith("FAILED  tcp ")]
    assert failure.endswith(f"  127.0.0.1 refused the connection to port {closed_port}.")
    assert "One of these, the likeliest first:" in said
    assert "More: deploykit check --explain refused" in said
    assert "not looked at: tcp comes first" in said


def test_there_is_colour_on_a_terminal(capsys, closed_port, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes a terminal for
    monkeypatch.delenv("NO_COLOR", raising=False)
    run(["check", f"sc://127.0.0.1:{closed_port}"])
    assert "\x1b[1;31mFAILED" in capsys.readouterr().out


@pytest.mark.parametrize(("client", "code", "exit_code"), [("4.1.1", "ok", 0), ("4.2.0", "newer-client", 3)])
def test_json_has_stable_codes_and_every_step(capsys, client, code, exit_code):
    with spark()() as url:
        assert run(["check", url, "--client", client, "-o", "json"]) == exit_code
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"code", "exit_code", "address", "server", "client", "python", "steps"}
    assert (found["code"], found["exit_code"], found["server"]) == (code, exit_code, "4.1.1")
    assert [step["name"] for step in found["steps"]] == list(LAYERS)
    assert all(step.keys() == STEP for step in found["steps"])
    assert Walk.from_json(found).to_json() == found


def test_a_pod_prints_the_same_steps(capsys, closed_port):
    url = f"sc://127.0.0.1:{closed_port}"
    assert check.main([url, "-o", "json"]) == run(["check", url, "-o", "json"]) == 4
    in_the_pod, here = (Walk.from_json(json.loads(line)) for line in _documents(capsys.readouterr().out))
    of_both = [
        [(step.name, step.outcome, step.code, step.sentence) for step in one.steps] for one in (in_the_pod, here)
    ]
    assert of_both[0] == of_both[1]


def _documents(text):
    """One JSON document after the other."""
    first, end = json.JSONDecoder().raw_decode(text)
    return json.dumps(first), text[end:]


@pytest.mark.parametrize("bad", [{}, {"steps": [1]}, {"steps": [{"name": "tcp"}]}, {"steps": "none"}])
def test_what_is_no_walk_is_refused(bad):
    with pytest.raises(ValueError, match="step"):
        Walk.from_json(bad)


def test_the_client_is_that_of_the_image_or_of_its_spark(capsys, monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_SPARK", "3.5.7")
    with spark()() as url:
        assert run(["check", url]) == 0
        assert "PySpark 3.5.7, Spark 4.1.1: an older client works" in capsys.readouterr().out
        assert run(["check", url, "--client", "4.2.0"]) == 3
        assert "PySpark 4.2.0 is newer than the server's Spark 4.1.1." in capsys.readouterr().out


@pytest.mark.parametrize("output_format", ["table", "json"])
def test_a_token_is_never_shown(capsys, monkeypatch, output_format):
    monkeypatch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", TOKEN)
    with wants_token(host="localhost")() as url:
        assert run(["check", url, "-o", output_format]) == 0
    with spark()() as url:
        assert run(["check", url, "-o", output_format]) == 4
    said = capsys.readouterr()
    assert "***" in said.out
    assert TOKEN not in said.out + said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        *(
            (["sc://x", option, "x"], f"{option} has no meaning for a look")
            for option in ("--svg", "--mermaid", "--patch")
        ),
        (["sc://x", "--release", "mage"], "--release has no meaning for a look from here"),
        (["sc://x", "--no-query"], "--query has no meaning for a look from here"),
        (["--from", "mage", "--client", "4.1.1"], "--client has no meaning for --from"),
        (["--from", "mage", "--client-python", "3.10"], "--client-python has no meaning for --from"),
        (["--from", "mage", "--spark", "4.1.1"], "--spark has no meaning for --from"),
        (["--project", ".", "--from", "mage"], "--from has no meaning for --project"),
        (["--project", ".", "--timeout", "1"], "--timeout has no meaning for --project"),
        (["--project", ".", "--executor-python", "3.10"], "--executor-python has no meaning for --project"),
        (["--project", ".", "sc://x"], "The address has no meaning for --project"),
    ],
)
def test_an_option_that_would_be_ignored_is_wrong_usage(capsys, arguments, says):
    assert run(["check", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_option_that_the_environment_sets_for_every_command_is_refused_by_none(capsys, monkeypatch, tmp_path):
    (tmp_path / "metadata.yaml").write_text("variables_dir: /tmp")
    monkeypatch.setenv("DEPLOYKIT_CLIENT", "4.1.1")
    monkeypatch.setenv("DEPLOYKIT_RELEASE", "mage")
    assert run(["check", "--project", "."]) == 0
    assert "meaning" not in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--client", "--spark"])
def test_a_version_that_is_none_is_refused_also_where_the_other_is_given(capsys, option):
    versions = {"--client": "4.1.1", "--spark": "4.1.1"} | {option: "four"}
    assert run(["check", "sc://127.0.0.1:1", *(word for pair in versions.items() for word in pair)]) == 2
    assert f"{option} 'four' is no Spark version." in capsys.readouterr().err


def test_no_address_is_wrong_usage(capsys):
    assert run(["check"]) == 2
    assert "no-address" in capsys.readouterr().out


@pytest.mark.parametrize("code", codes.load())
def test_every_code_is_explained(capsys, code):
    assert run(["check", "--explain", code]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{code}: ")
    assert all(cause in said for cause in codes.load()[code].causes)
    assert run(["check", "--explain", code, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == code


def test_a_code_that_is_mistyped_is_guessed(capsys):
    assert run(["check", "--explain", "refsed"]) == 2
    assert "--explain refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "days", "code"),
    [("127.0.0.1", 30, "ok"), ("127.0.0.1", -1, "tls-expired"), ("other", 30, "tls-wrong-name")],
)
def test_a_trusted_certificate_counts_for_its_name_and_its_days(authority, tmp_path, name, days, code):
    """As a process of its own: gRPC reads its list of authorities once."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with listeners.tls(authority, name, days=days)() as url:
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "deploykit", "check", url, "-o", "json"],
            env={"PATH": os.environ["PATH"], ROOTS_VARIABLE: str(tmp_path / "ca.pem")},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert time.monotonic() - begin < 3
    found = json.loads(done.stdout)
    assert found["code"] == code
    assert next(step for step in found["steps"] if step["name"] == "tls")["code"] == code
