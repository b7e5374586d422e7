"""`python3 -m mage_ilum.check`, as `helm test` runs it: one stream, and an end in time."""

import json
import signal
import sys
import time

import pytest
from tests.unit.mage_ilum import servers

from mage_ilum import check
from mage_ilum.errors import ConnectionProblem


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No HTTP proxy of this machine comes between."""
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_what_went_wrong_is_said_last_in_the_stream_of_what_went_well(capsys):
    """A pod's log mixes two streams in any order."""
    with servers.refused() as port:
        assert check.main([f"sc://127.0.0.1:{port}"]) == 4
    said = capsys.readouterr()
    assert said.err == ""
    *well, what, why, fix = said.out.splitlines()
    assert well
    assert f"127.0.0.1 refused the connection to port {port}." in what
    assert (why[:7], fix[:7]) == ("  Why: ", "  Try: ")


VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"


@pytest.mark.parametrize("missing", ["pyspark", "grpc"])
def test_an_image_without_pyspark_says_so_and_shows_no_traceback(missing, monkeypatch, capsys):
    with servers.grpc_server(lambda *_: VERSION_ANSWER) as port:
        for name in ("pyspark", missing):
            monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
        assert check.main([f"sc://127.0.0.1:{port}"]) == 3
        what, why, fix = capsys.readouterr().out.splitlines()[-3:]
        assert "PySpark cannot be used here: " in what
        assert missing in what
        assert (why[:7], fix) == ("  Why: ", "  Try: Use an image that `deploykit image` has built.")
        assert check.main([f"sc://127.0.0.1:{port}", "-o", "json"]) == 3
        assert json.loads(capsys.readouterr().out)["code"] == "pyspark-unusable"
        assert check.main([f"sc://127.0.0.1:{port}", "--drift"]) == 3
        assert capsys.readouterr().err.startswith("PySpark cannot be used here: ")


def test_a_query_that_waits_for_ever_is_ended_in_time():
    before = signal.getsignal(signal.SIGALRM)
    begin = time.monotonic()
    with pytest.raises(ConnectionProblem) as caught, check.limit(1):
        signal.pause()
    assert time.monotonic() - begin < 2
    assert "executors" in caught.value.why
    assert signal.getsignal(signal.SIGALRM) == before
