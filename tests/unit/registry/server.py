"""A small registry in this process, which can be told how to answer: for what a real one does only on its bad days.

It keeps blobs and manifests, takes uploads, gives pages of tags and, where told so, has a referrers API and logins.
"""

import base64
import http.server
import json
import re
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from deploykit.registry.manifest import OCI_INDEX, OCI_MANIFEST, compact, sha256

USER, PASSWORD, IDENTITY = "someone", "secret-word", "an-identity-token"


@dataclass(frozen=True, kw_only=True)
class Canned:
    """An answer given in the place of the right one. `pause`: seconds between the bytes of the body; `cut`: it ends
    before its body does."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pause: float = 0.0
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    authorization: str
    body: bytes
    host: str = ""


@dataclass
class SmallRegistry:
    """What it holds and what it was asked. `canned[method, end of path]` are answered first, one after the other."""

    port: int = 0
    scheme: str = "http"
    login: str = ""  # "", "basic" or "bearer"
    public: bool = False  # a bearer registry that gives tokens to read to anybody
    has_referrers: bool = False
    terse: bool = False  # its list of referrers has the type of the configuration, and no annotations; no OCI-Subject
    lag: int = 0  # how often its list of referrers is an old one
    page: int = 1000
    link: Callable[[str], str] = str  # how it writes the address of the next page or of an upload
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    canned: dict[tuple[str, str], list[Canned]] = field(default_factory=lambda: defaultdict(list))
    tokens: dict[str, str] = field(default_factory=dict)  # token to scope
    lost_write: int | None = None  # the number of the write, from 0, that fails

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def repository(self) -> str:
        return f"{self.host}/team/mage-ilum"

    def put(self, content: dict[str, object], *names: str, media_type: str = OCI_MANIFEST) -> str:
        raw = compact(content)
        for name in (sha256(raw), *names):
            self.manifests[name] = (media_type, raw)
        return sha256(raw)

    def image(self, *names: str, labels: dict[str, str] | None = None, layers: int = 2) -> str:
        """An image with a configuration and layers; returns its digest."""
        config = compact({"os": "linux", "architecture": "amd64", "config": {"Labels": labels}})
        parts = [config, *(f"layer {number} of {names}".encode() for number in range(layers))]
        self.blobs.update({sha256(part): part for part in parts})
        described = [{"digest": sha256(part), "size": len(part)} for part in parts]
        return self.put({"schemaVersion": 2, "config": described[0], "layers": described[1:]}, *names)

    def wrote(self) -> list[str]:
        """The paths that were written to."""
        return [asked.path for asked in self.asked if asked.method in ("POST", "PUT") and asked.path != "/token"]


@contextmanager
def running(tls: ssl.SSLContext | None = None, **settings: object) -> Iterator[SmallRegistry]:
    """The registry on a port of the loopback address."""
    registry = SmallRegistry(**settings)  # type: ignore[arg-type] # a test's own settings

    class Bound(_Handler):
        held = registry

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bound) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            registry.scheme = "https"
        server.daemon_threads = True
        registry.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.002})
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    held: SmallRegistry
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization", "")
        self.asked = Asked(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query),
            authorization=authorization,
            body=body,
            host=self.headers.get("Host", ""),
        )
        self.held.asked.append(self.asked)
        for (method, ending), answers in self.held.canned.items():
            if answers and method == self.command and parts.path.endswith(ending):
                self._canned(answers.pop(0))
                return
        if self.command in ("POST", "PUT") and len(self.held.wrote()) - 1 == self.held.lost_write:
            self._say(501)
        elif parts.path == "/token":
            self._token()
        elif self._may():
            self._serve()

    do_GET = do_HEAD = do_PUT = do_POST = do_CONNECT = _do  # noqa: N815 - as http.server calls them

    def _say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _canned(self, answer: Canned) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        for byte in answer.body[: len(answer.body) // 2] if answer.cut else answer.body:
            self.wfile.write(bytes([byte]))
            time.sleep(answer.pause)  # the fault itself: a server that is slow
        if answer.cut or (answer.pause and not answer.body):
            self.close_connection = True

    def _problem(self, status: int, code: str, **headers: str) -> None:
        body = json.dumps({"errors": [{"code": code, "message": f"{code} it is"}]}).encode()
        self._say(status, body, Content_Type="application/json", **headers)

    def _may(self) -> bool:
        held, scheme = self.held, self.asked.authorization.partition(" ")[0]
        action = "pull" if self.command in ("GET", "HEAD") else "push"
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if not held.login or (held.login == "basic" and self.asked.authorization == f"Basic {basic}"):
            return True
        if held.login == "basic":
            self._problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="this registry"')
            return False
        token = self.asked.authorization.removeprefix("Bearer ")
        if scheme == "Bearer" and action in held.tokens.get(token, "").rpartition(":")[2].split(","):
            return True
        realm = (
            f'Bearer realm="{held.scheme}://{held.host}/token",service="small",scope="repository:team/mage-ilum:pull"'
        )
        self._problem(401, "UNAUTHORIZED", WWW_Authenticate=realm)
        return False

    def _token(self) -> None:
        form = parse_qs(self.asked.body.decode())
        given = self.asked.query | form
        known = self.asked.authorization == f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
        known = known or form.get("refresh_token") == [IDENTITY]
        scope = given.get("scope", [""])[0]
        if not known and not (self.held.public and scope.endswith(":pull") and not self.asked.authorization):
            self._problem(401, "UNAUTHORIZED")
            return
        token = f"token-{len(self.held.tokens)}"
        self.held.tokens[token] = scope
        self._say(200, json.dumps({"access_token" if form else "token": token}).encode())

    def _serve(self) -> None:
        held, (method, path) = self.held, (self.command, self.asked.path)
        rest = path.removeprefix("/v2/team/mage-ilum/")
        kind, _, name = rest.partition("/")
        if path == rest:
            self._problem(404, "NAME_UNKNOWN")
        elif kind == "manifests" and method == "PUT":
            self._keep_manifest(name)
        elif kind == "manifests" and name in held.manifests:
            media_type, raw = held.manifests[name]
            self._say(200, raw, Content_Type=media_type, Docker_Content_Digest=sha256(raw))
        elif kind == "blobs" and method == "POST":
            self._say(202, Location=held.link(f"/v2/team/mage-ilum/blobs/uploads/{len(held.asked)}?state=x"))
        elif kind == "blobs" and method == "PUT":
            digest = self.asked.query["digest"][0]
            held.blobs[digest] = self.asked.body
            self._say(201, Location=held.link(f"/v2/team/mage-ilum/blobs/{digest}"), Docker_Content_Digest=digest)
        elif kind == "blobs" and name in held.blobs:
            self._say(200, held.blobs[name], Content_Type="application/octet-stream")
        elif kind == "tags":
            self._pages("tags", sorted(name for name in held.manifests if ":" not in name))
        elif kind == "referrers" and held.has_referrers:
            self._pages("manifests", [] if self.held.lag > 0 else [*self._attached(name)])
            self.held.lag -= 1
        elif kind in ("manifests", "blobs"):
            self._problem(404, f"{kind.upper().rstrip('S')}_UNKNOWN")
        else:
            self._say(404, b"404 page not found", Content_Type="text/plain")

    def _keep_manifest(self, name: str) -> None:
        raw, media_type = self.asked.body, self.headers["Content-Type"]
        for key in {name, sha256(raw)}:
            self.held.manifests[key] = (media_type, raw)
        about = {"Docker_Content_Digest": sha256(raw)}
        subject = json.loads(raw).get("subject")
        if subject and self.held.has_referrers and not self.held.terse:
            about["OCI_Subject"] = subject["digest"]
        self._say(201, **about)

    def _attached(self, digest: str) -> Iterator[dict[str, object]]:
        for name, (media_type, raw) in self.held.manifests.items():
            content = json.loads(raw)
            if ":" in name and (content.get("subject") or {}).get("digest") == digest:
                known = {key: content[key] for key in ("artifactType", "annotations") if key in content}
                if self.held.terse:
                    known = {"artifactType": content["config"]["mediaType"]}
                yield {"mediaType": media_type, "digest": name, "size": len(raw), **known}

    def _pages(self, key: str, entries: list[object]) -> None:
        first = int(self.asked.query.get("from", ["0"])[0])
        last = first + self.held.page
        body: dict[str, object] = {key: entries[first:last]}
        media_type = "application/json"
        if key == "manifests":
            body |= {"schemaVersion": 2, "mediaType": OCI_INDEX}
            media_type = OCI_INDEX
        target = self.held.link(f"{self.asked.path}?from={last}")
        link = {"Link": f'<{target}>; rel="next"'} if last < len(entries) else {}
        self._say(200, json.dumps(body).encode(), Content_Type=media_type, **link)


def digest_tag(digest: str) -> str:
    """The tag of OCI's fallback for what is attached to a digest."""
    return re.sub(":", "-", digest)
