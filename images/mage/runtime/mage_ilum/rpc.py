"""The last layer: the version request over bare gRPC, and what its failures mean."""

import uuid
from typing import TYPE_CHECKING

from mage_ilum.address import ConnectAddress
from mage_ilum.certificate import certificate_problem
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem
from mage_ilum.problems import problem
from mage_ilum.version_request import ANALYZE_PLAN, RELEASE_SESSION, session_fields, version_answer, version_request

if TYPE_CHECKING:
    import grpc

_NOT_HEADERS = frozenset({"token", "use_ssl", "user_id", "user_agent", "session_id"})


def ask_version(address: ConnectAddress, deadline: Deadline, proxy: str | None) -> str:
    """`spark.version`; `proxy` names the variable of the HTTP proxy that gRPC uses, if any."""
    import grpc

    session_id = str(uuid.uuid4())
    headers = tuple((key, value) for key, value in address.parameters.items() if key not in _NOT_HEADERS)
    with _channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ANALYZE_PLAN)
        try:
            answer = ask(version_request(session_id), timeout=deadline.left, metadata=headers)
        except grpc.RpcError as error:
            raise _explain(error, address, deadline, proxy) from None
        version = version_answer(answer)
        if version is None:
            raise problem("not-spark", address, seconds=deadline.seconds)
        try:  # Spark 4 can end the session that the question made; 3.5 does not know this request
            release: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RELEASE_SESSION)
            release(session_fields(session_id), timeout=min(deadline.left, 0.5), metadata=headers)
        except grpc.RpcError:
            pass
    return version


def _channel(address: ConnectAddress) -> "grpc.Channel":
    """The channel that PySpark would open to this address."""
    import grpc

    options = (("grpc.enable_retries", 0),)
    if not (address.tls or address.local_token):
        return grpc.insecure_channel(address.endpoint, options=options)
    credentials = grpc.local_channel_credentials() if address.local_token else grpc.ssl_channel_credentials()
    if address.token is not None:
        call = grpc.access_token_call_credentials(address.token)
        credentials = grpc.composite_channel_credentials(credentials, call)
    return grpc.secure_channel(address.endpoint, credentials, options=options)


def _explain(
    error: "grpc.RpcError", address: ConnectAddress, deadline: Deadline, proxy: str | None
) -> ConnectionProblem:
    status = error.code().name
    if status == "UNAUTHENTICATED":
        code = "token-missing" if address.token is None else "token-wrong"
    elif status == "UNAVAILABLE":
        if proxy is not None:
            return problem("proxy", address, seconds=deadline.seconds, detail=proxy)
        if address.tls and (untrusted := certificate_problem(address, deadline)):
            return untrusted
        code = "closed"
    else:
        code = _CODES.get(status, "failed")
    detail = f"{status}: {error.details() or ''}".split("\n")[0]
    if address.token:
        detail = detail.replace(address.token, "***")
    return problem(code, address, seconds=deadline.seconds, detail=detail[:300])


_CODES = {"DEADLINE_EXCEEDED": "slow", "UNIMPLEMENTED": "not-spark", "PERMISSION_DENIED": "forbidden"}
