"""A registry that fails, hangs, throttles or refuses never gives an answer that could be taken for another."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme
from tests.unit.mage_ilum.servers import answering, blackhole, closing, http1, refused, silent
from tests.unit.registry.conftest import TIMEOUT
from tests.unit.registry.server import Canned, running

from deploykit.errors import UnreachableError
from deploykit.registry import LoginRefusedError, Registry, ThrottledError
from deploykit.registry.mounts import Blobs

ASK = {
    "digest": lambda client: client.digest("a"),
    "manifest": lambda client: client.manifest("a"),
    "labels": lambda client: client.labels("a", platform="linux/amd64"),
    "tags": lambda client: client.tags(),
    "referrers": lambda client: client.referrers("sha256:" + "0" * 64),
}
asking = pytest.mark.parametrize("ask", ASK.values(), ids=ASK.keys())


def always(small, answer):
    """Give one answer to every request."""
    for method in ("GET", "HEAD"):
        small.canned[method, ""] = [answer] * 20


@asking
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
def test_a_failing_registry_cannot_be_asked(small, client, ask, status):
    always(small, Canned(status=status))
    with pytest.raises(UnreachableError) as caught:
        ask(client)
    assert f"answered {status}" in caught.value.why
    assert small.repository in caught.value.what


@asking
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_is_its_own_answer(small, client, ask, status):
    always(small, Canned(status=status, headers={"WWW-Authenticate": 'Basic realm="x"'}))
    with pytest.raises(LoginRefusedError) as caught:
        ask(client)
    assert f"docker login {small.host}" in caught.value.fix


@asking
def test_throttling_is_its_own_answer_and_says_for_how_long(small, client, ask):
    always(small, Canned(status=429, headers={"Retry-After": "77"}))
    with pytest.raises(ThrottledError) as caught:
        ask(client)
    assert caught.value.seconds == 77
    assert "77 s" in caught.value.why
    assert len(small.asked) == 1


def test_a_registry_that_wants_a_moment_is_given_it(small):
    digest = small.image("a")
    small.canned["HEAD", "manifests/a"] = [Canned(status=429, headers={"Retry-After": "1"})]
    began = time.monotonic()
    assert Registry(small.repository, timeout=3).digest("a") == digest
    assert time.monotonic() - began >= 1


def test_a_moment_may_be_given_as_a_date(small):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    small.canned["HEAD", "manifests/a"] = [Canned(status=429, headers={"Retry-After": when})]
    with pytest.raises(ThrottledError) as caught:
        Registry(small.repository).digest("a")
    assert 45 < caught.value.seconds <= 50


def test_a_gateway_that_fails_for_a_moment_is_asked_again(small):
    digest = small.image("a")
    small.canned["HEAD", "manifests/a"] = [Canned(status=503), Canned(status=502)]
    assert Registry(small.repository).digest("a") == digest


def test_a_connection_that_was_closed_meanwhile_is_made_anew(small, client):
    digest = small.image("a")
    small.canned["HEAD", "manifests/a"] = [Canned(headers={"Connection": "close", "Docker-Content-Digest": digest})] * 2
    assert [client.digest("a") for _ in range(3)] == [digest] * 3


@asking
def test_an_answer_that_is_cut_off_is_none(small, client, ask):
    always(small, Canned(status=200, body=b'{"tags":["a","b"],"manifests":[]}', cut=True))
    with pytest.raises(UnreachableError):
        ask(client)


@asking
@pytest.mark.parametrize("server", [refused, closing, http1], ids=lambda server: server.__name__)
def test_what_is_no_registry_cannot_be_asked(ask, server):
    with server() as port, pytest.raises(UnreachableError):
        ask(Registry(f"127.0.0.1:{port}/team/mage-ilum", timeout=TIMEOUT))


def test_what_speaks_no_http_cannot_be_asked():
    with answering(b"220 mail.example ready\r\n") as port, pytest.raises(UnreachableError):
        Registry(f"127.0.0.1:{port}/m", timeout=TIMEOUT).digest("a")


def test_a_page_of_a_portal_is_no_answer(small, client):
    """What a company's proxy shows in the place of a registry."""
    always(small, Canned(status=200, body=b"<html>Please log in</html>", headers={"Content-Type": "text/html"}))
    for ask in (ASK["tags"], ASK["digest"], ASK["manifest"]):
        with pytest.raises(UnreachableError):
            ask(client)


@pytest.mark.parametrize("server", [silent, blackhole], ids=lambda server: server.__name__)
def test_silence_ends_within_the_limit(server):
    with server() as port:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="could not be asked") as caught:
            Registry(f"127.0.0.1:{port}/m", timeout=TIMEOUT).digest("a")
        assert time.monotonic() - began < TIMEOUT + 0.5
    assert f"within {TIMEOUT} s" in caught.value.why


def test_a_trickle_ends_within_the_limit(small, client):
    """Each byte comes in time, and the answer never."""
    small.canned["GET", "manifests/a"] = [Canned(body=b" " * 50, pause=0.1)]
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="could not be asked"):
        client.manifest("a")
    assert time.monotonic() - began < TIMEOUT + 0.5


def test_a_registry_that_fails_slowly_is_asked_again_within_the_limit_alone(small, client):
    small.canned["GET", "manifests/a"] = [Canned(status=503, body=b" " * 2, pause=0.1)] * 5
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="could not be asked") as caught:
        client.manifest("a")
    assert time.monotonic() - began < TIMEOUT + 0.3
    assert "answered 503" in caught.value.why


def test_an_object_store_that_refuses_is_no_registry_that_refuses_the_login(small, client):
    """As S3 does with an address that it takes for too old, where a clock is wrong."""
    digest = small.image("a")
    config = client.manifest(digest).blobs()[0]
    with running() as store:
        there = {"Location": f"http://{store.host}/bucket/object"}
        for ask in (lambda: client.blob(config), lambda: b"".join(Blobs(client).content(config, 1).blocks(0))):
            for status in (401, 403):
                small.canned["GET", f"blobs/{config}"] = [Canned(status=307, headers=there)]
                store.canned["GET", "/bucket/object"] = [Canned(status=status)]
                with pytest.raises(UnreachableError) as caught:
                    ask()
                assert type(caught.value) is UnreachableError
                assert f"redirects to 127.0.0.1, which answered {status}" in caught.value.why


def test_redirects_without_an_end_come_to_an_end(small, client):
    always(small, Canned(status=307, headers={"Location": "/v2/team/mage-ilum/manifests/a"}))
    with pytest.raises(UnreachableError, match="could not be asked"):
        client.digest("a")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A company's own certificate authority."""
    return trustme.CA()


@pytest.fixture
def with_tls(authority):
    """A registry behind a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("registry.localhost", "127.0.0.1").configure_cert(context)
    with running(context) as small:
        yield small


def over_tls(small, monkeypatch, **settings):
    """A client that takes the address of this machine for any other, so that it speaks TLS."""
    monkeypatch.setattr("deploykit.registry.location.is_here", lambda host: False)
    return Registry(small.repository, timeout=3, **settings)


def test_a_private_authority_is_trusted_when_it_is_named(with_tls, authority, tmp_path, monkeypatch):
    digest = with_tls.image("a")
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    assert over_tls(with_tls, monkeypatch, ca_file=ca_file).digest("a") == digest


def test_an_unknown_authority_is_not_trusted(with_tls, monkeypatch):
    with pytest.raises(UnreachableError, match="could not be asked") as caught:
        over_tls(with_tls, monkeypatch).digest("a")
    assert "certificate verify failed" in caught.value.why
    assert with_tls.asked == []


def test_a_redirect_to_plain_http_is_not_followed(with_tls, authority, tmp_path, monkeypatch):
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    with running() as store:
        with_tls.canned["HEAD", "manifests/a"] = [Canned(status=307, headers={"Location": f"http://{store.host}/a"})]
        with pytest.raises(UnreachableError) as caught:
            over_tls(with_tls, monkeypatch, ca_file=ca_file).digest("a")
        assert "plain HTTP" in caught.value.why
        assert store.asked == []


def test_a_proxy_is_used_for_another_host_and_not_for_this_machine(small, client, monkeypatch):
    digest = small.image("a")
    small.canned["HEAD", "v2/m/manifests/a"] = [Canned(headers={"Docker-Content-Digest": digest})]
    with refused() as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        assert client.digest("a") == digest
    monkeypatch.setenv("HTTP_PROXY", f"http://user:proxy-secret@{small.host}")
    far = Registry("registry.example/m", timeout=3, insecure=["registry.example"])
    assert far.digest("a") == digest
    monkeypatch.setenv("NO_PROXY", "registry.example")
    with pytest.raises(UnreachableError):
        far.digest("a")


def test_a_proxys_password_is_in_no_error(monkeypatch):
    with refused() as port:
        for proxy in (f"http://user:proxy-secret@127.0.0.1:{port}", "http://user:proxy-secret@[x"):
            monkeypatch.setenv("HTTP_PROXY", proxy)
            with pytest.raises(UnreachableError) as caught:
                Registry("registry.example/m", timeout=3, insecure=["registry.example"]).digest("a")
            assert "proxy-secret" not in f"{caught.value.what} {caught.value.why} {caught.value.fix}"
