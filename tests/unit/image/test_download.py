"""Fetching into the cache, from a real web server on the loopback address."""

import base64
import hashlib
import http.server
import os
import re
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import trustme
from tests.unit.mage_ilum.servers import blackhole, silent, web

from deploykit.cli.output import Lines
from deploykit.errors import BuildError, UnreachableError
from deploykit.image import download
from deploykit.image.index import File

CONTENT = b"wheel" * 300_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SECRET = "p4ssw0rd"


@pytest.fixture(autouse=True)
def own_cache(isolated):
    return isolated


@dataclass
class Index:
    """A server of `/wheel`, which `/private/wheel` gives only to those who know the password."""

    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    def file(self, path: str, *, sha256: str = SHA256, user: str = "") -> File:
        url = f"http://{user}127.0.0.1:{self.port}{path}"
        return File(name="a", version="1", file="a-1-py3-none-any.whl", sha256=sha256, size=len(CONTENT), url=url)


@pytest.fixture
def index() -> Iterator[Index]:
    found = Index()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked[self.path] += 1
            wanted = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
            if self.path == "/private/wheel" and self.headers.get("Authorization") != wanted:
                self.send_error(401)
            elif self.path == "/half":
                self.send_response(200)
                self.send_header("Content-Length", str(len(CONTENT)))
                self.end_headers()
                self.wfile.write(CONTENT[:1000])
            elif self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):  # nobody reads all of it
                    while True:
                        self.wfile.write(CONTENT)
            elif self.path.endswith("/wheel"):
                self.send_response(200)
                self.send_header("Content-Length", str(len(CONTENT)))
                self.end_headers()
                self.wfile.write(CONTENT)
            else:
                self.send_error(404)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def fetch(file: File) -> Path:
    return download.into_cache(file, ca_file=None, progress=Lines())


def kept(cache: Path) -> list[Path]:
    """What is in the cache but for the lock files, which stay."""
    return [path for path in cache.rglob("*") if path.is_file() and path.parent.name != "locks"]


def test_a_file_with_the_right_hash_is_kept_by_its_hash_and_fetched_once(index, own_cache):
    path = fetch(index.file("/wheel"))
    assert path.read_bytes() == CONTENT
    assert path.name == SHA256
    assert fetch(index.file("/wheel")) == path
    assert index.asked == {"/wheel": 1}
    assert kept(own_cache) == [path]


def test_a_file_that_is_damaged_in_the_cache_is_fetched_again(index):
    fetch(index.file("/wheel")).write_bytes(b"other")
    assert fetch(index.file("/wheel")).read_bytes() == CONTENT
    assert index.asked == {"/wheel": 2}


class Counting(Lines):
    """Remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int, int]] = []

    def advance(self, name: str, done: int, total: int) -> None:
        self.told.append((name, done, total))


def test_progress_is_told_all_along_up_to_the_last_byte(index):
    progress = Counting()
    download.into_cache(index.file("/wheel"), ca_file=None, progress=progress)
    names, counts, totals = zip(*progress.told, strict=True)
    assert (set(names), set(totals)) == ({"a-1-py3-none-any.whl"}, {len(CONTENT)})
    assert counts == tuple(sorted(set(counts)))
    assert len(counts) > 1
    assert counts[-1] == len(CONTENT)


def test_a_terminal_sees_one_line_that_counts(index, monkeypatch):
    terminal, ours = os.openpty()
    with os.fdopen(ours, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        fetch(index.file("/wheel"))
        monkeypatch.undo()
        seen = ""
        while not seen.endswith("\n"):
            seen += os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert re.fullmatch(r"(\r    a-1-py3-none-any\.whl: \d\.\d of 1\.5 MB\x1b\[K)+\r\n", seen)
    assert "1.5 of 1.5 MB" in seen


def test_without_a_terminal_there_is_a_line_at_the_end(index, capsys):
    fetch(index.file("/wheel"))
    assert capsys.readouterr().err.splitlines()[-1] == "    a-1-py3-none-any.whl: 1.5 of 1.5 MB"


def test_a_file_with_another_hash_is_refused_with_both_and_not_kept(index, own_cache):
    with pytest.raises(BuildError) as caught:
        fetch(index.file("/wheel", sha256="0" * 64))
    assert SHA256 in caught.value.why
    assert "0" * 64 in caught.value.why
    assert kept(own_cache) == []


def test_an_answer_that_breaks_off_is_not_kept(index, own_cache):
    with pytest.raises((UnreachableError, BuildError)):
        fetch(index.file("/half"))
    assert kept(own_cache) == []


def test_a_file_that_is_not_there_is_named_with_the_answer(index, own_cache):
    with pytest.raises(UnreachableError, match=r"a-1-py3-none-any\.whl could not be fetched") as caught:
        fetch(index.file("/nothing"))
    assert "404" in caught.value.why
    assert kept(own_cache) == []


def test_a_refused_connection_is_unreachable(closed_port, own_cache):
    with pytest.raises(UnreachableError) as caught:
        fetch(Index(port=closed_port).file("/wheel"))
    assert "ConnectionError" in caught.value.why
    assert kept(own_cache) == []


def test_credentials_in_an_address_are_used(index):
    assert fetch(index.file("/private/wheel", user=f"me:{SECRET}@")).read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["/nothing", "/private/wheel", "/half"])
def test_credentials_in_an_address_are_never_shown(index, path, capsys):
    with pytest.raises((UnreachableError, BuildError)) as caught:
        fetch(index.file(path, user=f"you:{SECRET}@"))
    error = caught.value
    assert error.__suppress_context__ or error.__context__ is None
    assert SECRET not in f"{error.what} {error.why} {error.fix} {capsys.readouterr()}"


def test_credentials_are_not_shown_when_nobody_answers_either(closed_port):
    with pytest.raises(UnreachableError) as caught:
        fetch(Index(port=closed_port).file("/wheel", user=f"you:{SECRET}@"))
    assert SECRET not in f"{caught.value.what} {caught.value.why} {caught.value.fix}"


def test_builds_at_once_fetch_a_file_once(index, own_cache):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(fetch, [index.file("/wheel")] * 4))
    assert len(set(paths)) == 1
    assert index.asked == {"/wheel": 1}
    assert kept(own_cache) == paths[:1]


def small(index: Index, path: str, *, limit: int) -> bytes:
    url = f"http://127.0.0.1:{index.port}{path}"
    return download.small(
        url, limit=limit, what="The list could not be fetched.", fix="another", ca_file=None, timeout=1
    )


def test_of_a_small_text_no_more_is_read_than_it_may_have(index):
    assert small(index, "/wheel", limit=len(CONTENT) + 1) == CONTENT
    assert small(index, "/wheel", limit=100_000) == CONTENT[:100_000]
    assert len(small(index, "/endless", limit=1 << 20)) == 1 << 20


@pytest.mark.parametrize(("path", "why"), [("/nothing", "404"), ("/half", "did not answer")])
def test_a_small_text_that_does_not_come_is_unreachable(index, path, why):
    with pytest.raises(UnreachableError, match="The list could not be fetched") as caught:
        small(index, path, limit=1 << 20)
    assert why in caught.value.why
    assert caught.value.fix == "another"


@pytest.mark.parametrize("server", [silent, blackhole])
def test_a_small_text_is_waited_for_no_longer_than_is_said(server):
    with server() as port:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="The list could not be fetched"):
            small(Index(port=port), "/wheel", limit=100)
        assert time.monotonic() - began < 2


def test_a_large_file_is_waited_for_as_long_as_is_said_for_uv(monkeypatch):
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    with silent() as port:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="could not be fetched"):
            fetch(Index(port=port).file("/wheel"))
        assert time.monotonic() - began < 3


def test_a_certificate_that_is_not_trusted_is_called_that_until_its_authority_is_given(tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"a list")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with web(Handler, tls=context) as port:
        url = f"https://127.0.0.1:{port}/list"
        asked = partial(
            download.small, url, limit=100, what="The list could not be fetched.", fix="--ca-file", timeout=3
        )
        with pytest.raises(UnreachableError) as caught:
            asked(ca_file=None)
        assert "certificate verify failed" in caught.value.why
        assert asked(ca_file=tmp_path / "ca.pem") == b"a list"
