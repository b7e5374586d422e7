"""The last layer: requests over bare gRPC, without PySpark, and what their failures mean."""

import re
import uuid
from typing import TYPE_CHECKING

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.certificate import certificate_problem
from mage_ilum.connect.compatibility import unusable
from mage_ilum.connect.problems import problem
from mage_ilum.connect.version_request import (
    ANALYZE_PLAN,
    INTERRUPT,
    PREFLIGHT_USER,
    RELEASE_SESSION,
    interrupt_request,
    session_fields,
    version_answer,
    version_request,
)
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem

if TYPE_CHECKING:
    import grpc

_NOT_HEADERS = frozenset({"token", "use_ssl", "user_id", "user_agent", "session_id"})


def ask_version(address: ConnectAddress, deadline: Deadline, proxy: str | None) -> str:
    """`spark.version`; `proxy` names the variable of the HTTP proxy that gRPC uses, if any.

    An address that names a session has it asked, so that the server makes no other; it is left open.
    Raises `ConnectionProblem`, and `IncompatibleClientError` where there is no gRPC.
    """
    try:
        import grpc
    except ImportError as error:
        raise unusable(error) from None

    named = address.parameters.get("session_id")
    session_id = named or str(uuid.uuid4())
    user_id = address.parameters.get("user_id", PREFLIGHT_USER)
    with _channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ANALYZE_PLAN)
        try:
            answer = ask(version_request(session_id, user_id), timeout=deadline.left, metadata=headers(address))
        except grpc.RpcError as error:
            raise _explain(error, address, deadline, proxy) from None
        version = version_answer(answer)
        if version is None:
            raise problem("not-spark", address, seconds=deadline.seconds)
        if named is None:
            _release(channel, address, session_id, user_id, min(deadline.left, 0.5))
    return version


def end_session(address: ConnectAddress, session_id: str, user_id: str, deadline: Deadline) -> bool:
    """Interrupt what runs in a session and end it, in time; returns whether the server heard of it."""
    with _channel(address) as channel:
        request = interrupt_request(session_id, user_id)
        interrupted = _tell(channel, INTERRUPT, request, address, deadline.share(0.5).left)
        return _release(channel, address, session_id, user_id, deadline.left) or interrupted


def headers(address: ConnectAddress) -> tuple[tuple[str, str], ...]:
    """What PySpark sends along with each request: every parameter that has no meaning of its own."""
    return tuple((key, value) for key, value in address.parameters.items() if key not in _NOT_HEADERS)


def _release(channel: "grpc.Channel", address: ConnectAddress, session_id: str, user_id: str, seconds: float) -> bool:
    """End a session on Spark 4; 3.5 does not know this request and forgets the session after an hour."""
    return _tell(channel, RELEASE_SESSION, session_fields(session_id, user_id), address, seconds)


def _tell(channel: "grpc.Channel", method: str, request: bytes, address: ConnectAddress, seconds: float) -> bool:
    """Send a request whose answer does not matter; returns whether one came."""
    import grpc

    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    try:
        call(request, timeout=seconds, metadata=headers(address))
    except grpc.RpcError as error:
        return error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    return True


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
    status, said = error.code().name, error.details() or ""
    if found := re.search(r"http2 header with status: (\d+)", said):  # then no gRPC server answered, but the web
        return _web(int(found[1]), address, deadline)
    if status == "UNAUTHENTICATED":
        code = "token-missing" if address.token is None else "token-wrong"
    elif status == "UNAVAILABLE":
        connected = not said.startswith("failed to connect")
        if proxy is not None and not connected:
            return problem("proxy", address, seconds=deadline.seconds, detail=proxy)
        if address.tls and (untrusted := certificate_problem(address, deadline)):
            return untrusted
        code = "starting" if connected else "closed"
    elif _NO_SESSION_YET in said:
        code = "starting"
    else:
        code = _CODES.get(status, "failed")
    detail = f"{status}: {said}".split("\n")[0]
    if address.token:
        detail = detail.replace(address.token, "***")
    return problem(code, address, seconds=deadline.seconds, detail=detail[:300])


def _web(status: int, address: ConnectAddress, deadline: Deadline) -> ConnectionProblem:
    code = {401: "http2-login", 403: "http2-login", 502: "no-backend", 503: "no-backend", 504: "no-backend"}
    detail = f"HTTP status {status}"
    return problem(code.get(status, "http2-web"), address, seconds=deadline.seconds, detail=detail)


_NO_SESSION_YET = "No active or default Spark session"
"""What a driver whose Connect server is a plugin says between the opening of its port and its first session."""

_CODES = {"DEADLINE_EXCEEDED": "slow", "UNIMPLEMENTED": "not-spark", "PERMISSION_DENIED": "forbidden"}
