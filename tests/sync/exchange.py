"""One request that passes the proxy, and the answer to it: what a fault may do with either."""

import http.client
import http.server
import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from tests.sync.calls import Call, kind_of

if TYPE_CHECKING:
    from tests.sync.registry_proxy import RegistryProxy

BLOCK = 1 << 16
_NONE: Mapping[str, str] = MappingProxyType({})
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}


class Exchange(http.server.BaseHTTPRequestHandler):
    """One for each connection; `call` is the request that it is about now."""

    registry: ClassVar["RegistryProxy"]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    raw_requestline: bytes
    call: Call

    def do_GET(self) -> None:
        if not self.registry.mounts:
            self.path = re.sub(r"\?.*mount=.*", "", self.path)
        kind, repository, reference = kind_of(self.command, self.path)
        agent = self.headers.get("User-Agent", "")
        by = next((name for name in ("docker", "cosign") if name in agent), "deploykit")
        challenged = kind != "token" and not self.registry.allows(self.headers.get("Authorization", ""))
        self.call = Call("challenge" if challenged else kind, by, repository, reference)
        faults = self.registry.came(self.call)
        if faults:
            for fault in faults:
                fault(self)
        else:
            self.proceed()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class looks for these

    def handle_one_request(self) -> None:
        """A client that goes away, as a killed one does, is no mistake of the proxy's."""
        try:
            super().handle_one_request()
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    def parse_request(self) -> bool:
        """Docker tries TLS first; it learns at once that there is none."""
        if self.raw_requestline.startswith(b"\x16"):
            self.close_connection = True
            return False
        return super().parse_request()

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def body(self) -> Iterator[bytes]:
        """What the client sends, as it comes."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self._read(size)
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            block = self._read(min(left, BLOCK))
            left -= len(block)
            yield block

    def answer(self, status: int, headers: Mapping[str, str] = _NONE, body: bytes = b"") -> None:
        """Answer in the registry's place, when the client has sent all."""
        for _ in self.body():
            pass
        self._head(status, {"Content-Length": str(len(body)), **headers})
        self._down(body)

    def refuse(self, status: int, code: str, message: str, headers: Mapping[str, str] = _NONE) -> None:
        """Answer an error as registries write it."""
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, {"Content-Type": "application/json", **headers}, body)

    def forward(self, replaced: Mapping[str, str] = _NONE, *, upto: float = 1.0) -> None:
        """Ask the registry and pass its answer on.

        `replaced`: headers that are to say something else. `upto`: the part of the body that arrives before the
        connection ends; 0: the registry has done what it was asked, but not a word of its answer arrives.
        """
        with closing(http.client.HTTPConnection(self.registry.upstream, timeout=60)) as upstream:
            found = self._ask(upstream)
            size = int(found.getheader("Content-Length") or 0)
            blocks = iter(lambda: found.read(BLOCK), b"")
            if found.chunked:
                content = found.read()
                size, blocks = len(content), iter([content])
            if upto == 0:
                self.hang_up()
                return
            given = {name: value for name, value in found.getheaders() if name.lower() not in _HOP_BY_HOP}
            self._head(found.status, {**given, "Content-Length": str(size), **replaced})
            left = int(size * upto)
            for block in blocks:
                self._down(block[:left])
                left -= len(block)
            if upto < 1:
                self.hang_up()

    def proceed(self) -> None:
        """What happens where nothing goes wrong."""
        if self.call.kind == "challenge":
            self._challenge()
        elif self.call.kind == "token":
            self._token()
        else:
            self.forward()

    def hang_up(self) -> None:
        """End the connection without another word."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _ask(self, upstream: http.client.HTTPConnection) -> http.client.HTTPResponse:
        names = {name.lower() for name in self.headers} - _HOP_BY_HOP - {"authorization"}
        headers = {
            name: ", ".join(self.headers.get_all(name, ())) for name in names
        }  # Docker sends Accept line by line
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        body = self.body() if chunked or "content-length" in names else None
        upstream.request(self.command, self.path, body=body, headers=headers, encode_chunked=chunked)
        return upstream.getresponse()

    def _read(self, size: int) -> bytes:
        block = self.rfile.read(size)
        if len(block) < size:
            raise ConnectionError("the client went away")
        self.call.up += len(block)
        return block

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.call.status = status
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _down(self, block: bytes) -> None:
        if self.command != "HEAD":
            self.call.down += len(block)
            self.wfile.write(block)

    def _challenge(self) -> None:
        wanted = f'Bearer realm="http://{self.registry.host}/token",service="registry"'
        if self.call.repository:
            wanted += f',scope="repository:{self.call.repository}:pull,push"'
        self.refuse(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": wanted})

    def _token(self) -> None:
        token = self.registry.token(self.headers.get("Authorization", ""))
        if token is None:
            self.refuse(401, "UNAUTHORIZED", "incorrect username or password")
        else:
            body = json.dumps({"token": token, "access_token": token, "expires_in": 300}).encode()
            self.answer(200, {"Content-Type": "application/json"}, body)
