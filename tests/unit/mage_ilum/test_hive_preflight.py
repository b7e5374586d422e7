"""Each way in which Ilum SQL can be out of reach gets its own sentence, in time. All listeners are real sockets."""

import ssl
import struct
import time

import pytest
import trustme
from tests.unit.mage_ilum import servers

from mage_ilum.errors import ConnectionProblem
from mage_ilum.hive.address import SqlAddress
from mage_ilum.hive.problems import PROBLEMS, sql_problem
from mage_ilum.hive.transport import Transport

LIMIT = 0.5
SECRET = "s3cr3t"


def problem(port: int, **options: object) -> ConnectionProblem:
    address = SqlAddress("127.0.0.1", port, password=SECRET, **options)
    began = time.monotonic()
    with pytest.raises(ConnectionProblem) as caught:
        Transport(address, timeout=LIMIT)
    assert time.monotonic() - began < LIMIT + 0.5
    assert SECRET not in str(caught.value)
    assert caught.value.exit_code == 4
    return caught.value


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (servers.refused, "refused"),
        (servers.silent, "silent"),
        (servers.blackhole, "unreachable"),
        (servers.closing, "closed"),
        (servers.babbling, "not-hive"),
    ],
)
@pytest.mark.parametrize("auth", ["plain", "nosasl"])
def test_each_layer_has_its_own_code(server, code, auth):
    with server() as port:
        found = problem(port, auth=auth)
    assert found.code == code
    assert str(port) in str(found)


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http", "HTTP"),
        (b"\x15\x03\x03\x00\x02\x02\x16", "tls-required", "ssl=true"),
        (struct.pack(">bi", 3, 14) + b"wrong password", "login", "wrong password"),
        (bytes((0, 0, 6, 4, 0, 0, 0, 0, 0)), "not-hive", "Spark Connect"),
    ],
)
def test_the_answer_to_the_greeting_tells_who_is_there(answer, code, word):
    with servers.answering(answer) as port:
        found = problem(port)
    assert found.code == code
    assert word in str(found)


def test_a_name_that_is_not_known_is_said():
    with pytest.raises(ConnectionProblem) as caught:
        Transport(SqlAddress("no-such-name.invalid"), timeout=3)
    assert caught.value.code in ("name-unknown", "dns-silent")


def test_a_certificate_that_nobody_trusts_is_refused_and_a_trusted_one_is_not(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with servers.tls_http1(context) as port:
        assert problem(port, ssl=True).code == "tls-untrusted"
        assert "No such file" in str(problem(port, ssl=True, ssl_ca=str(tmp_path / "none.pem")))
        assert problem(port, ssl=True, ssl_ca=str(tmp_path / "ca.pem")).code == "closed"


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_row_can_be_told(code):
    text = str(sql_problem(code, SqlAddress("sql"), seconds=3, detail="x"))
    assert "{" not in text
