"""Every way in which a service over HTTP can fail has a sentence of its own, in time, and no secret in it."""

import time
from base64 import b64decode

import pytest
from tests.unit.mage_ilum import servers
from tests.unit.mage_ilum.doubles.service import LOST, Service

from mage_ilum.errors import AddressError, UsageError
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.find import find_service

SECRET = "s3cr3t-t0ken"


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No HTTP proxy of this machine comes between."""
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def livy(port, timeout=1.0, scheme="http", **variables):
    environment = {"ILUM_LIVY_URL": f"{scheme}://127.0.0.1:{port}", **variables}
    service = find_service("Livy", "ILUM_LIVY", environment=environment)
    object.__setattr__(service, "timeout", timeout)
    return service


def problem(service, method="GET"):
    begin = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        service.request(method, "batches")
    assert time.monotonic() - begin < service.timeout + 0.5
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("listener", "scheme", "code", "says"),
    [
        (servers.refused, "http", "refused", "refused the connection: nothing listens there."),
        (servers.closing, "http", "closed", "closed the connection without an answer."),
        (servers.silent, "http", "no-answer", "did not answer within 1 s."),
        (servers.blackhole, "http", "unreachable", "No TCP connection to"),
        (servers.http1, "https", "tls", "No TLS connection to"),
        (servers.babbling, "http", "closed", "closed the connection without an answer."),
    ],
)
def test_a_server_that_does_not_answer_is_told_in_time(listener, scheme, code, says):
    with listener() as port:
        found = problem(livy(port, scheme=scheme))
    assert (found.code, found.status) == (code, None)
    assert says in found.what
    assert found.fix


def test_a_name_that_dns_does_not_know():
    service = find_service("Livy", "ILUM_LIVY", "http://no-such-host.invalid:8998")
    found = problem(service)
    assert (found.code, found.what) == ("name-unknown", "The name no-such-host.invalid cannot be resolved.")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, "<html>welcome</html>"), "is not Livy: it sends text/html."),
        ((200, [1]), "is not Livy: it sends application/json."),
        ((400, {"msg": "requirement failed: File is required."}), "Livy answers 400: requirement failed: File is req"),
        ((404, {"message": "Job 7 not found"}), "Livy answers 404: Job 7 not found"),
        ((500, "java.lang.NullPointerException\n\tat org.example"), "Livy answers 500: java.lang.NullPointerException"),
        ((403, None), "Livy answers 403: Forbidden"),
        ((302, None), "redirects to https://login.example/"),
        ((401, {"msg": f"no such token {SECRET}"}), "Livy answers 401: no such token ***"),
    ],
)
def test_what_the_service_says_is_passed_on_without_our_secrets(answer, says):
    with Service() as service:
        service.faults.append(lambda asked: answer)
        found = problem(livy(service.port, ILUM_LIVY_TOKEN=SECRET))
    assert says in str(found)
    assert found.status == answer[0]


def test_a_question_is_asked_again_while_there_is_hope():
    with Service() as service:
        service.faults.extend([lambda asked: LOST, lambda asked: (503, None), lambda asked: (200, {"state": "idle"})])
        assert livy(service.port).look("sessions/1", retry_seconds=10) == {"state": "idle"}
        service.faults.append(lambda asked: (404, {"msg": "gone"}))
        with pytest.raises(ServiceError, match="gone"):
            livy(service.port).look("sessions/1", retry_seconds=10)
        service.faults.append(lambda asked: (503, {"msg": "still starting"}))
        with pytest.raises(ServiceError, match="still starting"):
            livy(service.port).look("sessions/1", retry_seconds=0)


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({}, None),
        ({"ILUM_LIVY_TOKEN": SECRET + "\n"}, f"Bearer {SECRET}"),
        ({"ILUM_LIVY_USER": "me", "ILUM_LIVY_PASSWORD": SECRET}, "Basic bWU6czNjcjN0LXQwa2Vu"),
        ({"ILUM_LIVY_URL": f"http://me:{SECRET}@livy:8998"}, "Basic bWU6czNjcjN0LXQwa2Vu"),
    ],
)
def test_credentials_go_into_the_header_and_nowhere_else(variables, sent, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Service() as service:
        service.faults.append(lambda asked: (200, {}))
        url = variables.get("ILUM_LIVY_URL", "http://livy:8998").replace("livy:8998", f"127.0.0.1:{service.port}")
        found = find_service("Livy", "ILUM_LIVY", environment={**variables, "ILUM_LIVY_URL": url})
        found.request("GET", "version")
        assert service.asked[0].headers["Authorization"] == sent
    assert SECRET not in repr(found)
    assert SECRET not in found.url


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://me:mine@livy:8998", "me:mine"),
        ("http://me@livy:8998", "me:"),
        ("http://livy:8998", None),
    ],
)
def test_credentials_of_the_address_are_not_mixed_with_those_of_the_environment(url, sent):
    environment = {"ILUM_LIVY_USER": "they", "ILUM_LIVY_PASSWORD": SECRET}
    for token in ({}, {"ILUM_LIVY_TOKEN": "t0ken"}):
        found = find_service("Livy", "ILUM_LIVY", url, {**environment, **token})
        kind, _, credentials = (found.authorization or "").partition(" ")
        if sent is None and token:
            assert (kind, credentials) == ("Bearer", "t0ken")
        else:
            assert (kind, b64decode(credentials).decode()) == ("Basic", sent or f"they:{SECRET}")


@pytest.mark.parametrize(
    ("url", "own", "sent"),
    [
        ("http://other:8998", "http://livy:8998", None),
        ("http://livy", "http://livy:8998", None),
        ("http://livy:8998", "http://[::1", None),
        ("https://livy/proxy", "https://livy:443", f"Bearer {SECRET}"),
        ("http://livy:8998", "", f"Bearer {SECRET}"),
    ],
)
def test_credentials_of_one_server_are_not_sent_to_another(url, own, sent):
    found = find_service("Livy", "ILUM_LIVY", url, {"ILUM_LIVY_URL": own, "ILUM_LIVY_TOKEN": SECRET})
    assert found.authorization == sent


@pytest.mark.parametrize("url", ["livy:8998", "ftp://livy", "http://", "http://livy:port", "http://livy/?token=s3cr3t"])
def test_an_address_that_cannot_be_read_is_not_repeated(url):
    with pytest.raises(AddressError, match="cannot be read") as caught:
        find_service("Livy", "ILUM_LIVY", url)
    assert "s3cr3t" not in str(caught.value)


def test_no_address_says_which_variable_is_missing():
    with pytest.raises(AddressError, match="ILUM_LIVY_URL is not set"):
        find_service("Livy", "ILUM_LIVY", environment={})


def test_a_token_that_no_header_can_hold_is_not_shown():
    with pytest.raises(UsageError, match="ILUM_LIVY_TOKEN") as caught:
        livy(1, ILUM_LIVY_TOKEN=f"{SECRET}\nX: y")
    assert SECRET not in str(caught.value)
