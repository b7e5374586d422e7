"""What a company has before a server without TLS: it ends TLS, lets in who sends the token, and passes gRPC on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import grpc
import trustme

_ANSWERED_BY_STREAM = {"ExecutePlan", "ReattachExecute"}
_STREAMED = {"AddArtifacts"}
_ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Ingress:
    """Speaks TLS on `port` of 127.0.0.1 before `target`, a `host:port`; `authority` is the file that clients trust."""

    def __init__(self, target: str, token: str, folder: Path) -> None:
        maker = trustme.CA()
        self.authority = folder / "authority.pem"
        maker.cert_pem.write_to_path(str(self.authority))
        given = maker.issue_cert("127.0.0.1")
        chain = b"".join(part.bytes() for part in given.cert_chain_pems)
        self._backend = grpc.insecure_channel(target, options=_ANY_SIZE)
        self._server = grpc.server(ThreadPoolExecutor(32), options=_ANY_SIZE)
        self._server.add_generic_rpc_handlers([_Passing(self._backend, token)])
        credentials = grpc.ssl_server_credentials([(given.private_key_pem.bytes(), chain)])
        self.port: int = self._server.add_secure_port("127.0.0.1:0", credentials)

    def __enter__(self) -> "Ingress":
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(grace=None).wait()
        self._backend.close()


class _Passing(grpc.GenericRpcHandler):
    """Hands every method on as it is, from who sends the token."""

    def __init__(self, backend: grpc.Channel, token: str) -> None:
        self._backend = backend
        self._wanted = ("authorization", f"Bearer {token}")

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        if self._wanted not in [tuple(pair) for pair in details.invocation_metadata]:
            return grpc.unary_unary_rpc_method_handler(_refuse)
        name = details.method.rpartition("/")[2]
        if name in _ANSWERED_BY_STREAM:
            many = self._backend.unary_stream(details.method)
            return grpc.unary_stream_rpc_method_handler(lambda request, context: _stream(many(request), context))
        if name in _STREAMED:
            sent = self._backend.stream_unary(details.method)
            return grpc.stream_unary_rpc_method_handler(lambda requests, context: _one(sent.future(requests), context))
        asked = self._backend.unary_unary(details.method)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: _one(asked.future(request), context))


def _refuse(request: bytes, context: grpc.ServicerContext) -> bytes:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "no such token")


def _one(call, context: grpc.ServicerContext) -> bytes:
    context.add_callback(call.cancel)
    try:
        return call.result()
    except grpc.RpcError as error:
        _fail(error, context)


def _stream(call, context: grpc.ServicerContext):
    context.add_callback(call.cancel)
    try:
        yield from call
    except grpc.RpcError as error:
        _fail(error, context)


def _fail(error, context: grpc.ServicerContext) -> None:
    """The server's own error, with the details that Spark hangs on it."""
    context.set_trailing_metadata(error.trailing_metadata())
    context.abort(error.code(), error.details())
