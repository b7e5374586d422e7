"""A JSON service on the loopback address, to write doubles of real ones with."""

import contextlib
import http.server
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        content: dict[str, object] = json.loads(self.body or b"{}")
        return content

    @property
    def form(self) -> dict[str, str]:
        """The fields of a multipart/form-data body."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser().parsebytes(head + self.body)
        assert message.get_content_type() == "multipart/form-data"
        parts = {part.get_param("name", header="Content-Disposition"): part for part in message.get_payload()}
        return {name: part.get_payload(decode=True).decode() for name, part in parts.items()}


Answer = tuple[int, object]
"""A status and a JSON value; a `str` is sent as HTML, `None` as no body at all."""


LOST: Answer = (0, None)
"""Close the connection without an answer."""


SILENT: Answer = (-1, None)
"""Keep the connection open without an answer."""


@dataclass
class Service:
    """Answers with `answer`, unless the next of `faults` wants the request: then that answers."""

    asked: list[Asked] = field(default_factory=list)
    faults: deque[Callable[[Asked], Answer | None]] = field(default_factory=deque)
    port: int = 0
    tls: ssl.SSLContext | None = None

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def methods(self, path: str) -> list[str]:
        """How this path was asked for."""
        return [asked.method for asked in self.asked if asked.path == path]

    def __enter__(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def serve(self) -> None:
                address = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, address.path, dict(parse_qsl(address.query)), self.headers, body)
                status, content = service._answer(asked)
                if status < 0:
                    service._closing.wait(60)
                if status <= 0:
                    return
                html = isinstance(content, str)
                data = content.encode() if html else b"" if content is None else json.dumps(content).encode()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # killed clients do not wait
                    self.send_response(status)
                    self.send_header("Content-Type", "text/html" if html else "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    for name, value in service.headers(status).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(data)

            do_GET = do_POST = do_DELETE = serve  # noqa: N815  the names that http.server looks for

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def headers(self, status: int) -> dict[str, str]:
        return {"Location": "https://login.example/?state=s3cr3t"} if status == 302 else {}

    def _answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            if self.faults:
                wanted = self.faults[0](asked)
                if wanted is not None:
                    self.faults.popleft()
                    return wanted
            return self.answer(asked)
