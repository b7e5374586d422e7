"""Real listeners on the loopback address, each wrong in its own way, and gRPC servers that are nearly right."""

import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import grpc

ANALYZE_PLAN = "/spark.connect.SparkConnectService/AnalyzePlan"


@contextmanager
def refused() -> Iterator[int]:
    """A port that is bound, so that nobody else takes it, but not listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def silent() -> Iterator[int]:
    """The kernel accepts, nobody speaks."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


@contextmanager
def blackhole() -> Iterator[int]:
    """A full accept queue: the kernel drops every further SYN, as a NetworkPolicy does."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def failing(status: int) -> AbstractContextManager[int]:
    """A web server that answers every question with one status."""

    class Handler(_Quiet):
        def do_GET(self) -> None:
            self.send_error(status)

        def do_HEAD(self) -> None:
            self.send_error(status)

    return web(Handler)


@contextmanager
def closing() -> Iterator[int]:
    """Accepts and closes at once."""
    with serving(lambda connection: None) as port:
        yield port


def http1() -> AbstractContextManager[int]:
    """A web server."""
    return web(_Quiet)


@contextmanager
def web(handler: type[http.server.BaseHTTPRequestHandler], *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a web server, which does not mind who hangs up."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Server(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def babbling() -> Iterator[int]:
    """Greets first, as SMTP and SSH servers do, and waits for an answer."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example ready\r\n")
        connection.recv(1024)

    with serving(talk) as port:
        yield port


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Reads what it is sent first, and answers just this, whatever it was."""

    def talk(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(answer)
        connection.recv(1)

    with serving(talk) as port:
        yield port


@contextmanager
def trickling() -> Iterator[int]:
    """A web server whose answer comes a byte at a time: never silent, and never done."""
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not over.wait(0.01):
            connection.sendall(b" ")

    with serving(talk) as port:
        try:
            yield port
        finally:
            over.set()


@contextmanager
def tls_http1(context: ssl.SSLContext) -> Iterator[int]:
    """A web server behind TLS, which knows no HTTP/2."""

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1024)

    with serving(talk) as port:
        yield port


@contextmanager
def tls_without_http2(pem: Path) -> Iterator[int]:
    """A server that ends the handshake where no protocol is in common, as Go's do and Python's does not."""
    given = {"-accept": "127.0.0.1:0", "-alpn": "http/1.1", "-cert": str(pem), "-key": str(pem)}
    command = ("openssl", "s_server", *(word for option in given.items() for word in option))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = next(line for line in process.stdout if line.startswith("ACCEPT "))
            yield int(ready.rpartition(":")[2])
        finally:
            process.kill()


@contextmanager
def grpc_server(
    answer: Callable[[bytes, grpc.ServicerContext], bytes] | None = None,
    credentials: grpc.ServerCredentials | None = None,
) -> Iterator[int]:
    """A gRPC server; with `answer` it knows Spark Connect's AnalyzePlan, without it knows nothing."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    if answer is not None:
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(answer)
        service, method = ANALYZE_PLAN.strip("/").split("/")
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


@contextmanager
def session_server(answer: Callable[[str, grpc.ServicerContext], bytes]) -> Iterator[int]:
    """A gRPC server that has `answer` give the answer to every method, which is told as `ReleaseSession`."""

    class Methods(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
            name = details.method.rpartition("/")[2]
            return grpc.unary_unary_rpc_method_handler(lambda request, context: answer(name, context))

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers([Methods()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


class _Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving(talk: Callable[[socket.socket], object]) -> Iterator[int]:
    """Accept connections one after the other and hand each to `talk`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(5)
                talk(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
