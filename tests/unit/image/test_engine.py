"""What an engine that refuses, or says nothing, is told as; what it does when it works is for a real one."""

import base64
import hashlib
import http.server
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import trustme
from tests.unit.mage_ilum.servers import web
from tests.unit.registry.test_login import helper

from deploykit.cli.output import Lines
from deploykit.errors import BuildError, DeploykitError, UnreachableError, UsageError
from deploykit.image.engine import Engine, RegistryFailedError

VERSION = {"GET /version": (200, {"ApiVersion": "1.47"})}
IMAGE = "GET /images/mage:1/json"
MADE = {"POST /containers/create": (201, {"Id": "c1"}), "GET /containers/c1/json": (200, {"Id": "c1"})}
REMOVED = "DELETE /containers/c1"


@contextmanager
def answering(
    answers: Mapping[str, tuple[int, object]], *, tls: ssl.SSLContext | None = None, logins: list[object] | None = None
) -> Iterator[int]:
    """The port of an engine that gives these answers, a list as a stream, and none to anything else."""
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path = self.path.partition("?")[0].removeprefix("/v1.47")
            found = {**VERSION, **answers}.get(f"{self.command} {path}")
            if logins is not None and (login := self.headers.get("X-Registry-Auth")):
                logins.append(json.loads(base64.urlsafe_b64decode(login)))
            if found is None:
                over.wait()
                return
            self.send_response(found[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")  # what it was sent is left unread
            if isinstance(found[1], list):
                self.send_header("Transfer-Encoding", "chunked")
                lines = "".join(map(json.dumps, found[1]))
                body = f"{len(lines):x}\r\n{lines}\r\n0\r\n\r\n"
            else:
                body = json.dumps(found[1])
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - the names that the library calls

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with web(Handler, tls=tls) as port:
        try:
            yield port
        finally:
            over.set()


@pytest.fixture
def engine(monkeypatch):
    """An engine with these answers."""

    @contextmanager
    def asked(answers):
        with answering(answers) as port:
            monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
            yield Engine(timeout=1)

    return asked


def test_an_image_that_the_engine_does_not_hold_is_none(engine):
    with engine({IMAGE: (404, {"message": "No such image: mage:1"})}) as it:
        assert it.local("mage:1") is None


@pytest.mark.parametrize(
    ("answer", "error", "what"),
    [
        ((400, {"message": "invalid reference format"}), UsageError, "mage:1 is not an image reference."),
        ((500, {"message": "layer does not exist"}), UnreachableError, "The Docker engine does not say whether"),
    ],
)
def test_only_a_reference_that_is_none_is_wrong_usage(engine, answer, error, what):
    with engine({IMAGE: answer}) as it, pytest.raises(error, match=what) as raised:
        it.local("mage:1")
    assert raised.value.why == answer[1]["message"]


def test_an_engine_that_says_nothing_is_unreachable_for_a_sync_to_go_on(engine):
    with engine({}) as it:
        for ask in (it.local, it.digest):
            with pytest.raises(UnreachableError) as raised:
                ask("mage:1")
            assert raised.value.why == "timed out"


def test_an_engine_that_is_not_there_is_unreachable(monkeypatch, closed_port):
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{closed_port}")
    for ask in (Engine().local, Engine().digest):
        with pytest.raises(UnreachableError) as raised:
            ask("mage:1")
        assert raised.value.why == "Connection refused"


def test_a_container_that_cannot_be_removed_fails_nothing_and_hides_no_error(engine):
    with engine({**MADE, REMOVED: (500, {"message": "device or resource busy"})}) as it:
        with it.container("mage:1", ["true"]):
            pass
        with pytest.raises(DeploykitError, match="its own"), it.container("mage:1", ["true"]):
            raise DeploykitError("its own")


def test_a_name_that_cannot_be_taken_away_fails_nothing_and_hides_no_error(engine):
    with engine({"DELETE /images/mage:1": (409, {"message": "conflict"})}) as it:
        it.untag("mage:1")
    it.untag("mage:1")  # nobody is there any more


DIGEST = {"Descriptor": {"digest": "sha256:0"}}
DONE = [{"aux": {"Digest": "sha256:0"}}]
ASKED = {
    "GET /distribution/r.example/mage:1/json": (200, DIGEST),
    "POST /images/create": (200, [{"status": "done"}]),
    "POST /images/r.example/mage/push": (200, DONE),
}


def ask_all(it: Engine) -> None:
    assert it.digest("r.example/mage:1") == "sha256:0"
    it.pull("r.example/mage:1", platform="linux/amd64", progress=Lines())
    assert it.push("r.example/mage", "1", progress=Lines()) == "sha256:0"


def test_the_login_of_config_json_is_handed_to_the_engine(tmp_path, monkeypatch):
    auth = base64.b64encode(b"someone:secret-word").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"r.example": {"auth": auth}}}), encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    logins = []
    with answering(ASKED, logins=logins) as port:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        ask_all(Engine(timeout=1))
    assert [(login["username"], login["password"], login["serveraddress"]) for login in logins] == [
        ("someone", "secret-word", "r.example")
    ] * 3


def test_a_credential_helper_that_waits_for_somebody_is_not_waited_for(engine, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "test"}), encoding="utf-8")
    helper(tmp_path, "exec sleep 5", monkeypatch)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with engine(ASKED) as it:
        for ask in (
            lambda: it.digest("r.example/mage:1"),
            lambda: it.pull("r.example/mage:1", platform="linux/amd64", progress=Lines()),
            lambda: it.push("r.example/mage", "1", progress=Lines()),
        ):
            began = time.monotonic()
            with pytest.raises(UnreachableError) as raised:
                ask()
            assert time.monotonic() - began < 2
            assert "gave no login within 1 s" in raised.value.why


FAILED = "received unexpected HTTP status: 500 Internal Server Error"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (["layer: Retrying in 5 seconds", "layer: Pushed", FAILED], RegistryFailedError),
        (["failed commit on ref 'config-sha256:ab': unexpected status: 503 Service Unavailable"], RegistryFailedError),
        (
            ["unexpected status from PUT request to https://r.example/v2/a/manifests/1: 502 Bad Gateway"],
            RegistryFailedError,
        ),
        (["layer: Retrying in 5 seconds", FAILED], BuildError),
        (["unexpected status from PUT request to https://r.example/v2/a/manifests/500: 403 Forbidden"], BuildError),
        (["denied: requested access to the resource is denied"], BuildError),
    ],
)
def test_only_a_registry_that_failed_for_what_docker_did_not_try_again_may_be_pushed_to_again(engine, said, error):
    *before, last = said
    events = [{"id": name, "status": status} for name, _, status in (line.partition(": ") for line in before)]
    with (
        engine({"POST /images/r.example/mage/push": (200, [*events, {"error": last}])}) as it,
        pytest.raises(BuildError) as raised,
    ):
        it.push("r.example/mage", "1", progress=Lines())
    assert type(raised.value) is error
    assert raised.value.why == last


def test_a_context_s_certificates_are_used(tmp_path, monkeypatch):
    """As `docker context create remote --docker host=tcp://…,ca=…,cert=…,key=…` keeps them."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = authority.issue_cert("somebody.example")
    name = hashlib.sha256(b"remote").hexdigest()
    certificates = tmp_path / "contexts" / "tls" / name / "docker"
    meta = tmp_path / "contexts" / "meta" / name
    certificates.mkdir(parents=True)
    meta.mkdir(parents=True)
    authority.cert_pem.write_to_path(certificates / "ca.pem")
    client.cert_chain_pems[0].write_to_path(certificates / "cert.pem")
    client.private_key_pem.write_to_path(certificates / "key.pem")
    (tmp_path / "config.json").write_text('{"currentContext": "remote"}', encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("DOCKER_HOST", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests prefers the latter two
        monkeypatch.delenv(name, raising=False)
    with answering({"GET /_ping": (200, "OK")}, tls=server) as port:
        endpoint = {"docker": {"Host": f"tcp://127.0.0.1:{port}", "SkipTLSVerify": False}}
        (meta / "meta.json").write_text(
            json.dumps({"Name": "remote", "Metadata": {}, "Endpoints": endpoint}), encoding="utf-8"
        )
        Engine().ping()
