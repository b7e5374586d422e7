"""`python3 -m mage_ilum.check --drift` against real gRPC servers of each version, with a client of 4.1.1."""

import sys
from types import ModuleType

import pytest
from tests.unit.mage_ilum import servers

from mage_ilum.check import main

CLIENT = "4.1.1"
SECRET = "s3cr3t"


@pytest.fixture(autouse=True)
def client(monkeypatch):
    """A PySpark that has a version and nothing else: no more is asked of it."""
    pyspark = ModuleType("pyspark")
    pyspark.__version__ = CLIENT
    monkeypatch.setitem(sys.modules, "pyspark", pyspark)
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def drift(tmp_path, capsys):
    """A factory: exit code and line of a comparison with an address; stream and termination message say the same."""

    def run(url, *options):
        message = tmp_path / "termination-log"
        message.touch()
        code = main(["--drift", "--termination-message", str(message), *options, url])
        said = capsys.readouterr()
        written = message.read_text()
        assert (said.err, said.out) == ((written, "") if code else ("", written))
        assert written.count("\n") == 1
        return code, written

    return run


def answer(version):
    """AnalyzePlan's answer with a server's version."""
    text = version.encode()
    return bytes((8 << 3 | 2, len(text) + 2, 1 << 3 | 2, len(text))) + text


@pytest.mark.parametrize(
    ("server", "accept", "code", "says"),
    [
        ("4.1.1", "", 0, "No drift: PySpark 4.1.1 in the image, Spark 4.1.1 on the server (same)."),
        ("4.1.3", "", 5, "Drift: PySpark 4.1.1 in the image, Spark 4.1.3 on the server (patch)."),
        ("4.1.3", "patch", 0, "No drift:"),
        ("4.2.0", "patch", 5, "(older-client). Build the image that fits: deploykit image --spark 4.2.0"),
        ("4.2.0", "patch,older-client", 0, "No drift:"),
        ("4.0.5", "patch,older-client", 5, "(newer-client)"),
        ("night\nly", "", 0, "Nothing was compared: one of these is no version"),
    ],
)
def test_drift_is_what_was_not_accepted(drift, server, accept, code, says):
    with servers.grpc_server(lambda *_: answer(server)) as port:
        found = drift(f"sc://127.0.0.1:{port}", "--accept", accept)
    assert found[0] == code
    assert says in found[1]


def test_a_server_that_is_away_is_no_drift_and_the_reason_is_told(drift):
    with servers.refused() as port:
        code, line = drift(f"sc://127.0.0.1:{port}")
    assert code == 0
    assert line == f"Nothing was compared: 127.0.0.1 refused the connection to port {port}.\n"


def test_the_token_is_not_in_the_line(drift):
    def fail(request, context):
        context.abort(servers.grpc.StatusCode.INTERNAL, f"no luck with {SECRET}")

    with servers.grpc_server(fail) as port:
        code, line = drift(f"sc://localhost:{port}/;token={SECRET}")
    assert code == 0
    assert "no luck with ***" in line


def test_a_bad_address_is_an_error(drift):
    code, line = drift("http://spark:15002")
    assert code == 2
    assert "does not start with sc://" in line


def test_a_verdict_that_cannot_be_accepted_is_named(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--drift", "--accept", "newer-client", "sc://127.0.0.1"])
    assert ended.value.code == 2
    assert "'newer-client' is none of patch, older-client" in capsys.readouterr().err


def test_a_termination_message_that_cannot_be_written_changes_nothing(tmp_path, capsys):
    with servers.grpc_server(lambda *_: answer("4.2.0")) as port:
        code = main(["--drift", "--termination-message", str(tmp_path / "no" / "where"), f"sc://127.0.0.1:{port}"])
    assert code == 5
    assert "cannot be written: No such file or directory." in capsys.readouterr().err
