"""Each way in which a server can be out of reach gets its own sentence, in time. All listeners are real sockets."""

import socket
import ssl
import subprocess
import sys
import threading
import time

import grpc
import pytest
import trustme
from tests.unit.mage_ilum import servers

from mage_ilum import network
from mage_ilum.connect import problems
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.preflight import server_version
from mage_ilum.connect.problems import PROBLEMS
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem

LIMIT = 3.0
SECRET = "s3cr3t-t0ken"
VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No HTTP proxy of this machine comes between."""
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority):
    """Server credentials for 127.0.0.1 from an authority that nobody trusts."""
    certificate = authority.issue_cert("127.0.0.1")
    chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
    return grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])


def problem(address, timeout=LIMIT):
    """The problem that a preflight ends with; it has to come within the limit, and a blink."""
    begin = time.monotonic()
    with pytest.raises(ConnectionProblem) as caught:
        server_version(ConnectAddress.parse(address), timeout)
    assert time.monotonic() - begin < timeout + 0.2
    return caught.value


def wants_token(request, context):
    if ("authorization", f"Bearer {SECRET}") not in context.invocation_metadata():
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid or missing authentication token")
    return VERSION_ANSWER


def test_an_address_of_a_family_that_this_kernel_lacks_is_passed_over():
    address = ConnectAddress.parse("sc://127.0.0.1")
    with servers.silent() as port:
        targets = [(socket.AF_INET6 + 190, ("::1", port)), (socket.AF_INET, ("127.0.0.1", port))]
        with network.connect(address, targets, Deadline(LIMIT)) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
    with pytest.raises(ConnectionProblem) as caught:
        network.connect(address, targets[:1], Deadline(LIMIT))
    assert caught.value.code == "no-route"


@pytest.mark.parametrize(("other", "code"), [(servers.refused, "refused"), (servers.blackhole, "unreachable")])
def test_of_several_addresses_the_one_that_tells_most_is_told(other, code):
    """A host has an IPv4 and an IPv6 address, and there is no way to one of them."""
    with other() as port:
        near, far = (socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6 + 190, ("::1", port))
        for targets in ([near, far], [far, near]):
            with pytest.raises(ConnectionProblem) as caught:
                network.connect(ConnectAddress("sql"), targets, Deadline(0.5))
            assert caught.value.code == code


def test_a_name_that_dns_does_not_know():
    found = problem("sc://no-such-host.invalid")
    assert found.code == "name-unknown"
    assert found.what == "The name no-such-host.invalid cannot be resolved."


def test_a_name_that_is_no_name():
    assert problem("sc://" + "a" * 64).code == "name-unknown"


def test_a_name_server_that_never_answers(monkeypatch):
    hang = threading.Event()

    def wait(*_, **__):
        hang.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    found = problem("sc://spark.example", timeout=0.5)
    hang.set()
    assert found.code == "dns-silent"
    assert "port 53" in found.fix


def test_a_name_server_that_fails(monkeypatch):
    def fail(*_, **__):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert problem("sc://spark.example").code == "dns-silent"


@pytest.mark.parametrize(
    ("listener", "code", "says"),
    [
        (servers.refused, "refused", "refused the connection to port"),
        (servers.closing, "closed", "accepts connections and closes them at once"),
        (servers.http1, "http1", "speaks HTTP/1, not gRPC"),
        (servers.babbling, "not-grpc", "speaks neither gRPC nor HTTP"),
        (servers.grpc_server, "not-spark", "speaks gRPC, but is no Spark Connect server"),
    ],
)
def test_a_server_that_is_not_the_one_is_named_at_once(listener, code, says):
    with listener() as port:
        begin = time.monotonic()
        found = problem(f"sc://127.0.0.1:{port}")
        assert time.monotonic() - begin < 1.5
    assert found.code == code
    assert says in found.what
    assert found.fix


@pytest.mark.parametrize(
    ("listener", "code", "says"),
    [
        (servers.silent, "silent", "accepts connections, but says nothing within 1 s"),
        (servers.blackhole, "unreachable", "No TCP connection to"),
    ],
)
@pytest.mark.parametrize("parameters", ["", "/;use_ssl=true"])
def test_no_answer_is_told_when_the_time_is_up(listener, code, says, parameters):
    with listener() as port:
        found = problem(f"sc://127.0.0.1:{port}{parameters}", timeout=1)
    assert found.code == code
    assert says in found.what


def test_tls_where_plain_was_expected(tls):
    with servers.grpc_server(credentials=tls) as port:
        found = problem(f"sc://127.0.0.1:{port}")
    assert found.code == "tls-required"
    assert "use_ssl=true" in found.fix


@pytest.mark.parametrize(
    ("parameter", "code"), [("use_ssl=true", "tls-refused"), (f"token={SECRET}", "token-without-tls")]
)
def test_plain_where_tls_was_expected(parameter, code):
    with servers.grpc_server() as port:
        found = problem(f"sc://127.0.0.1:{port}/;{parameter}")
    assert found.code == code
    assert "token" in found.why


def test_a_web_page_where_tls_was_expected():
    with servers.http1() as port:
        assert problem(f"sc://127.0.0.1:{port}/;use_ssl=true").code == "http1"


def test_a_web_page_behind_tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with servers.tls_http1(context) as port:
        assert problem(f"sc://127.0.0.1:{port}/;use_ssl=true").code == "http1"


def test_a_web_page_behind_tls_that_refuses_whoever_offers_http2_alone(authority, tmp_path):
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    with servers.tls_without_http2(tmp_path / "server.pem") as port:
        assert problem(f"sc://127.0.0.1:{port}/;use_ssl=true").code == "http1"


def test_a_certificate_of_an_unknown_authority(tls):
    with servers.grpc_server(credentials=tls) as port:
        found = problem(f"sc://127.0.0.1:{port}/;use_ssl=true")
    assert found.code == "tls-untrusted"
    assert "certificate" in found.what
    assert "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" in found.fix


@pytest.mark.parametrize(("name", "code"), [("127.0.0.1", "0"), ("other.example", "tls-wrong-name")])
def test_a_trusted_certificate_counts_for_its_own_name(authority, tmp_path, name, code):
    certificate = authority.issue_cert(name)
    chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    script = """\
import sys
from mage_ilum import ConnectionProblem, resolve, server_version
try:
    server_version(resolve(sys.argv[1]))
except ConnectionProblem as error:
    print(error.code)
else:
    print(0)
"""
    with servers.grpc_server(lambda *_: VERSION_ANSWER, credentials) as port:
        # gRPC reads its list of authorities once in a process.
        answer = subprocess.run(
            [sys.executable, "-c", script, f"sc://127.0.0.1:{port}/;use_ssl=true"],
            env={"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(tmp_path / "ca.pem")},
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    assert answer.stdout.strip() == code, answer.stderr


@pytest.mark.parametrize(("parameters", "code"), [("", "token-missing"), ("/;token=wrong", "token-wrong")])
def test_a_server_that_wants_a_token(parameters, code):
    with servers.grpc_server(wants_token) as port:
        found = problem(f"sc://localhost:{port}{parameters}")
    assert found.code == code
    assert "SPARK_CONNECT_AUTHENTICATE_TOKEN" in found.fix
    assert "wrong" not in found.what


def test_the_right_token_is_accepted():
    with servers.grpc_server(wants_token) as port:
        assert server_version(ConnectAddress.parse(f"sc://localhost:{port}/;token={SECRET}"), LIMIT) == "4.1.1"


def test_other_parameters_are_sent_as_headers():
    def wants_header(request, context):
        sent = dict(context.invocation_metadata())
        assert "use_ssl" not in sent
        return VERSION_ANSWER if sent.get("x-team") == "lake" else b""

    with servers.grpc_server(wants_header) as port:
        assert server_version(ConnectAddress.parse(f"sc://127.0.0.1:{port}/;x-team=lake;use_ssl=false")) == "4.1.1"


def test_a_server_that_answers_nonsense_is_no_spark():
    with servers.grpc_server(lambda *_: b"\xff\xff\xff") as port:
        assert problem(f"sc://127.0.0.1:{port}").code == "not-spark"


def test_a_server_that_never_answers_the_request_is_slow():
    done = threading.Event()

    def wait(request, context):
        done.wait(10)
        return b""

    with servers.grpc_server(wait) as port:
        found = problem(f"sc://127.0.0.1:{port}", timeout=1)
        done.set()
    assert found.code == "slow"


def test_a_server_whose_spark_has_no_session_yet_is_starting():
    """In the words of Spark 4.1.1."""

    def fail(request, context):
        said = "[INTERNAL_ERROR] No active or default Spark session found SQLSTATE: XX000"
        context.abort(grpc.StatusCode.INTERNAL, said)

    with servers.grpc_server(fail) as port:
        assert problem(f"sc://127.0.0.1:{port}").code == "starting"


def test_an_error_of_the_server_is_passed_on_without_the_token():
    def fail(request, context):
        context.abort(grpc.StatusCode.INTERNAL, f"no luck with {SECRET}")

    with servers.grpc_server(fail) as port:
        found = problem(f"sc://localhost:{port}/;token={SECRET}")
    assert found.code == "failed"
    assert "INTERNAL: no luck with ***" in found.what
    assert SECRET not in str(found)


def test_a_proxy_that_does_not_reach_the_server_is_named(monkeypatch):
    with servers.http1() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("no_proxy", "")
        found = problem("sc://spark.example:15002")
    assert found.code == "proxy"
    assert "https_proxy" in found.why


def test_no_thread_is_left_to_keep_the_process_alive():
    with servers.refused() as port:
        problem(f"sc://127.0.0.1:{port}")
    problem("sc://no-such-host.invalid")
    assert [
        thread.name for thread in threading.enumerate() if thread.name.startswith("mage-ilum") and not thread.daemon
    ] == []


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_reads_as_a_sentence(code):
    what, _, fix = PROBLEMS[code]
    assert what.endswith(".")
    assert fix.endswith(".")


def test_what_was_left_of_a_limit_is_told_in_tenths_of_a_second():
    left = problems.problem("silent", ConnectAddress(host="spark", port=15002), seconds=2.87653)
    assert left.what.endswith("says nothing within 2.9 s.")
