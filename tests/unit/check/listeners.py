"""Servers that fail in a way of their own, as addresses; each is a real process of the kernel's or of gRPC's."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

import grpc
import trustme
from tests.unit.mage_ilum import servers

VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"
TOKEN = "s3cr3t-t0ken"
Address: TypeAlias = "Iterator[str]"


def at(listener: Callable[[], object], *, host: str = "127.0.0.1", parameters: str = ""):
    """The address of one of the servers of `tests.unit.mage_ilum.servers`."""

    @contextmanager
    def opened() -> Address:
        with listener() as port:
            yield f"sc://{host}:{port}{parameters}"

    return opened


def spark(version: bytes = b"4.1.1", **where: str):
    """A Spark Connect server, as far as the request for its version goes."""
    inner = bytes((1 << 3 | 2, len(version))) + version
    answer = bytes((8 << 3 | 2, len(inner))) + inner
    return at(lambda: servers.grpc_server(lambda *_: answer), **where)


def answering(status: grpc.StatusCode, words: str = "no luck", **where: str):
    """A gRPC server that answers AnalyzePlan with a status."""

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(status, words)

    return at(lambda: servers.grpc_server(answer), **where)


@contextmanager
def _never() -> Iterator[int]:
    done = threading.Event()

    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        done.wait(10)
        return b""

    with servers.grpc_server(wait) as port:
        try:
            yield port
        finally:
            done.set()


def never(**where: str):
    """A gRPC server that takes the request and is still at it."""
    return at(_never, **where)


def wants_token(**where: str):
    """A server that answers to its token alone."""

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        if ("authorization", f"Bearer {TOKEN}") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid token")
        return VERSION_ANSWER

    return at(lambda: servers.grpc_server(answer), **where)


def web(status: int, **where: str):
    """A server that speaks HTTP/2, and answers each request with an HTTP status and nothing else."""
    return at(lambda: _http2(status), **where)


@contextmanager
def _http2(status: int) -> Iterator[int]:
    headers = b"\x08\x03" + str(status).encode()  # HPACK: the name :status of the static table, and a literal
    answer = len(headers).to_bytes(3, "big") + bytes((1, 0x5)) + (1).to_bytes(4, "big") + headers  # ends stream 1

    def talk(connection: socket.socket) -> None:
        connection.sendall(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        seen = b""
        while chunk := connection.recv(4096):
            seen += chunk
            if b"AnalyzePlan" in seen:
                connection.sendall(answer)
                seen = b""

    with _each_connection(talk) as port:
        yield port


@contextmanager
def _each_connection(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Each in a thread of its own: gRPC and the greeting before it overlap."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=one, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join()


@contextmanager
def proxy(port: int) -> Iterator[int]:
    """An HTTP proxy that connects whoever asks, for whatever host, to one port of this machine."""

    def talk(near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(1024)
        assert head.startswith(b"CONNECT ")
        with socket.create_connection(("127.0.0.1", port)) as far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(far, near))
            back.start()
            _pump(near, far)
            back.join()

    with _each_connection(talk) as listening:
        yield listening


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def tls(authority: trustme.CA, name: str = "127.0.0.1", *, days: int = 30, parameters: str = "/;use_ssl=true"):
    """A Spark Connect server behind TLS, whose certificate for `name` ends in `days`."""
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    certificate = authority.issue_cert(name, not_before=end - datetime.timedelta(days=60), not_after=end)
    chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
    return at(lambda: servers.grpc_server(lambda *_: VERSION_ANSWER, credentials), parameters=parameters)


def tls_page(authority: trustme.CA):
    """A web page behind TLS, without HTTP/2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return at(lambda: servers.tls_http1(context), parameters="/;use_ssl=true")
