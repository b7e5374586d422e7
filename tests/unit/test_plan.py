"""`deploykit plan`: the answer, the refusals, and that nobody is asked."""

import json
import socket
import subprocess
import sys
import time

import pytest
from tests.unit.mage_ilum.servers import grpc_server, silent
from tests.unit.registry.server import SmallRegistry, running

from deploykit import catalog
from deploykit.cli.main import run
from deploykit.image.layers import interpreter
from deploykit.image.layers.interpreter import Interpreter

pytestmark = pytest.mark.usefixtures("isolated")

SECRET = "s3cr3t-t0ken"
JSON_KEYS = {
    "image", "repository", "tag", "inputs", "registry", "server", "confidence", "client", "verdict", "udfs", "profile",
    "with", "java", "warm", "engine", "left_out", "platform", "base", "added", "reused", "disagreements",
}  # fmt: skip


@pytest.fixture
def plan(capsys):
    """Run `deploykit plan` and return the exit code, stdout and stderr."""

    def plan(*arguments):
        code = run(["plan", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return plan


@pytest.fixture
def as_json(plan):
    """Run `deploykit plan -o json`, which must be fine, and return the answer."""

    def as_json(*arguments):
        code, out, err = plan(*arguments, "-o", "json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return as_json


def test_a_known_version_is_planned_on_stdout_without_a_word_on_stderr(plan):
    code, out, err = plan("--spark", "4.1.1")
    assert (code, err) == (0, "")
    shown = dict(line.split("  ", 1) for line in out.splitlines() if not line.startswith(" "))
    assert shown["client"].strip() == "PySpark 4.1.1 without jars"
    assert shown["verdict"].strip() == "same: client and server are of the same version"
    assert shown["lock"].strip() == "committed; nothing of the base moves"
    assert "assumed" in out, "nobody read the image, and the plan says so"


def test_no_connection_is_made_for_a_known_version(plan, monkeypatch):
    def refuse(self, address):
        raise AssertionError(f"{address} was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for version in ("3.5.7", "4.0.5", "4.1.1", "4.2.0"):
        assert plan("--spark", version)[0] == 0


def test_what_asks_nobody_imports_nothing_to_ask_with():
    code = (
        "import sys; before = set(sys.modules); from deploykit.cli.main import run; run(['plan', '--spark', '4.1.1'])\n"
        "print(*(sys.modules.keys() - before), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stderr
    assert {name.partition(".")[0] for name in said.split()} - sys.stdlib_module_names == {
        *("deploykit", "mage_ilum"),
        *("click", "packaging"),
    }
    assert not {"ssl", "http.client", "asyncio"} & set(said.split())


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
@pytest.mark.parametrize("spark", [patch for line in catalog.load().lines.values() for patch in line.patches])
def test_every_published_patch_of_a_line_that_fits_is_planned_from_the_committed_locks(plan, spark, platform):
    python = (3, 10)
    known = catalog.load()
    needed = tuple(map(int, known.lines[known.spark(spark).line].python.removeprefix(">=").split(".")))
    code, out, _ = plan("--spark", spark, "--platform", platform)
    if needed > python:
        assert code == 3
    else:
        assert code == 0
        assert "committed" in out


def test_json_has_stable_keys_and_the_same_facts_as_the_table(plan, as_json):
    answer = as_json("--spark", "4.1.1")
    assert set(answer) == JSON_KEYS
    assert set(answer["base"]) == {"reference", "digest", "assumed", "python", "mage"}
    assert answer["image"] == f"{answer['repository']}:{answer['tag']}"
    assert answer["tag"] == f"0.9.80-spark4.1.1-connect-{answer['inputs'][:8]}"
    assert answer["image"] in plan("--spark", "4.1.1")[1]
    assert answer["base"] == {
        "reference": "mageai/mageai:0.9.80", "digest": "", "assumed": True, "python": "3.10.13", "mage": "0.9.80",
    }  # fmt: skip
    assert answer["udfs"] is None
    assert not set(answer["added"]) & set(answer["reused"])


def test_a_spark_that_needs_a_newer_python_is_refused_with_that_reason_and_the_way_out(plan):
    code, out, err = plan("--spark", "4.3.0")
    assert (code, out) == (3, "")
    assert "Spark 4.3.0 needs Python >=3.11; mageai/mageai:0.9.80 has Python 3.10.13." in err
    assert "--client 4.2.1" in err
    assert plan("--spark", "4.3.0", "--client", "4.2.1")[0] == 0, "the way out works"


@pytest.mark.parametrize("spark", ["3", "banana", "4.1.1; rm", "v4.1.1", "4.1.x", "-1.0.0", "4.1.1\n"])
def test_what_is_no_version_is_wrong_usage(plan, spark):
    code, out, err = plan(f"--spark={spark}")
    assert (code, out) == (2, "")
    assert f"{spark!r} is not a Spark version" in err


@pytest.mark.parametrize("line", list(catalog.load().lines))
def test_a_line_alone_is_wrong_usage_and_lists_its_patches(plan, line):
    code, out, err = plan("--spark", line)
    assert (code, out) == (2, "")
    for patch in catalog.load().lines[line].patches:
        assert patch in err


@pytest.mark.parametrize("spark", ["3.5.3-delta", "3.5.3.1", "3.5.3+ilum"])
def test_a_suffix_is_refused_with_the_version_that_is_meant(plan, spark):
    code, _, err = plan("--spark", spark)
    assert code == 2
    assert "--spark 3.5.3\n" in err


def test_a_line_that_nobody_measured_is_incompatible(plan):
    code, _, err = plan("--spark", "9.9.9")
    assert code == 3
    assert f"Known are {', '.join(catalog.load().lines)}" in err
    assert "--client 4.2.1" in err


def test_a_patch_that_the_catalog_does_not_know_needs_the_index_and_says_so_soon(plan):
    began = time.monotonic()
    code, _, err = plan("--spark", "4.1.99")
    assert code == 4
    assert "package index could not be asked" in err
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Which Spark?"),
        (["--spark", ""], "Which Spark?"),
        (["--spark", "4.1.1", "--server", "sc://x"], "--spark and --server were given"),
        (["--spark", "4.1.1", "--namespace", "ilum"], "--spark and --namespace were given"),
        (["--spark", "4.1.1", "--ilum-core", "http://x"], "--spark and --ilum-core were given"),
    ],
)
def test_either_a_version_is_named_or_whom_to_ask(plan, arguments, sentence):
    code, out, err = plan(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "--spark 4.1.1, --server sc://host:15002 or --namespace ilum" in err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--repository", "Registry/Upper"),
        ("--repository", "registry.example/mage:tag"),
        ("--repository", "registry.example/mage@sha256:00"),
        ("--repository", "https://registry.example/mage"),
        ("--repository", "-x"),
        ("--base", "a b"),
        ("--base", "mageai/mageai:"),
        ("--base", "mageai/mageai@sha256:12"),
        ("--base", "--network=host"),
        ("--apt-mirror", "ftp://mirror.example"),
        ("--apt-mirror", 'https://mirror.example/"; rm'),
        ("--apt-mirror", "https://mirror.example/a b"),
        ("--mage", "latest"),
        ("--mage", "0.9.80 x"),
        ("--executor-python", "4"),
        ("--executor-python", "python3.11"),
        ("--ca-file", "there-is-no-such-file.pem"),
        ("--profile", "fat"),
        ("--platform", "windows/amd64"),
        ("--client", "4.1"),
    ],
)
def test_a_bad_value_is_wrong_usage_and_the_option_is_named(plan, option, value):
    code, out, err = plan("--spark=4.1.1", f"{option}={value}")
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert option in err
    assert "  Try: " in err


@pytest.mark.parametrize("option", ["--apt-mirror", "--maven-mirror"])
def test_the_password_in_a_malformed_address_is_not_repeated(plan, option):
    code, _, err = plan("--spark=4.1.1", f"{option}=https://me:p4ssw0rd@mirror.example/[x]")
    assert code == 2
    assert "p4ssw0rd" not in err


@pytest.mark.parametrize("option", ["--mage", "--base", "--repository", "--client", "--network"])
def test_an_empty_value_counts_as_not_given(plan, option):
    assert plan("--spark=4.1.1", f"{option}=") == plan("--spark=4.1.1")


def test_a_client_that_is_newer_than_the_server_is_refused(plan):
    code, _, err = plan("--spark", "4.0.5", "--client", "4.1.1")
    assert code == 3
    assert "A client of Spark 4.1.1 is newer than the server, Spark 4.0.5." in err
    assert "createDataFrame fails" in err


def test_an_older_client_is_planned_and_the_verdict_says_it(as_json):
    answer = as_json("--spark", "4.1.1", "--client", "3.5.7")
    assert (answer["server"], answer["client"], answer["verdict"]) == ("4.1.1", "3.5.7", "older-client")


def test_another_patch_of_the_same_line_is_planned(as_json):
    assert as_json("--spark", "4.1.4", "--client", "4.1.1")["verdict"] == "patch"


@pytest.mark.parametrize(("python", "works"), [("3.10", True), ("3.10.2", True), ("3.11", False)])
def test_python_udfs_have_a_verdict_of_their_own(as_json, python, works):
    answer = as_json("--spark", "4.1.1", "--executor-python", python)
    assert answer["udfs"] is works
    assert answer["verdict"] == "same"


def test_an_unknown_base_without_an_engine_is_unreachable_and_says_what_to_do(plan):
    code, _, err = plan("--spark", "4.1.1", "--base", "registry.example/unknown:1")
    assert code == 4
    assert "Nothing is known about registry.example/unknown:1" in err
    assert "start Docker" in err


def test_a_registry_that_cannot_be_asked_is_never_called_absent(as_json):
    told = as_json("--spark", "4.1.1", "--repository", "registry.example/mage")["registry"]
    assert told.startswith("could not be asked: ")


def heads(small: SmallRegistry) -> list[str]:
    """The tags that were asked for."""
    return [one.path.rpartition("/")[2] for one in small.asked if one.method == "HEAD"]


def test_the_repository_is_asked_for_each_tag_once(as_json, monkeypatch):
    monkeypatch.setattr(interpreter, "find", lambda version, **_: None)
    with running() as small:
        asked = ("--spark", "4.1.1", "--repository", small.repository)
        told = as_json(*asked)
        assert (told["registry"], set(told["left_out"])) == ("not there yet", {"bytecode", "warm"})
        [whole, made] = heads(small)
        assert made == told["tag"]
        digest = small.image(made)
        assert as_json(*asked)["registry"] == f"there already: {digest}", "it is asked for under its own tag"
        small.asked.clear()
        digest = small.image(whole)
        told = as_json(*asked)
        assert (told["tag"], told["left_out"], told["registry"]) == (whole, {}, f"there already: {digest}")
        assert heads(small) == [whole]


def test_another_python_s_bytecode_is_asked_for_under_its_own_tag(as_json, monkeypatch):
    """Nothing is left out then, and the tag is another one all the same."""
    other = Interpreter(path=sys.executable, version="3.10.99")
    monkeypatch.setattr(interpreter, "find", lambda version, **_: other)
    with running() as small:
        asked = ("--spark", "4.1.1", "--no-warm", "--repository", small.repository)
        told = as_json(*asked)
        assert (told["left_out"], heads(small)[1:]) == ({}, [told["tag"]])
        small.image(told["tag"])
        assert as_json(*asked)["registry"].startswith("there already: ")


def test_a_registry_that_says_nothing_is_waited_for_once(as_json):
    with silent() as port:
        began = time.monotonic()
        asked = ("--repository", f"127.0.0.1:{port}/mage", "--engine", "registry", "--timeout", "1")
        assert as_json("--spark", "4.1.1", *asked)["registry"].startswith("could not be asked: ")
    assert time.monotonic() - began < 2


def test_a_live_server_gives_the_version_and_its_token_is_never_shown(plan, as_json):
    answer = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"  # AnalyzePlanResponse.spark_version.version
    with grpc_server(lambda request, context: answer) as port:
        address = f"sc://localhost:{port}/;token={SECRET}"
        told = as_json("--server", address)
        code, out, err = plan("--server", address)
    assert (told["server"], told["client"], told["verdict"]) == ("4.1.1", "4.1.1", "same")
    assert code == 0
    assert SECRET not in json.dumps(told) + out + err


def test_a_server_that_is_away_is_unreachable_and_its_token_is_never_shown(plan, closed_port):
    code, out, err = plan("--server", f"sc://127.0.0.1:{closed_port}/;token={SECRET}")
    assert (code, out) == (4, "")
    assert SECRET not in err


def test_image_without_an_engine_is_unreachable_in_a_sentence(capsys):
    assert run(["image", "--spark", "4.1.1"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error: No Docker engine answers." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("host", ["nonsense", "unix:///no/such.sock", "tcp://no-such-host.invalid:1"])
def test_a_docker_host_that_leads_nowhere_is_a_sentence_too(monkeypatch, host):
    monkeypatch.setenv("DOCKER_HOST", host)
    command = [sys.executable, "-m", "deploykit", "image", "--spark", "4.1.1"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert finished.returncode == 4
    assert finished.stderr.startswith("Error: No Docker engine answers.\n")
