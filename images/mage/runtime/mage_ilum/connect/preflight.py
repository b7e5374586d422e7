"""Ask a Spark Connect server for its version, layer by layer, within a time limit: DNS, TCP, protocol, gRPC.

PySpark itself retries for 10 to 61 minutes before it says that a server is not there, and then does not say why.
"""

import socket
from collections.abc import Callable
from contextlib import suppress

from mage_ilum import network
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.problems import problem
from mage_ilum.connect.protocol import Answer, ask_plain, ask_tls
from mage_ilum.connect.proxy import proxy_variable
from mage_ilum.connect.rpc import ask_version
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem

Passed = Callable[[str, str], None]
"""Told of each layer, in the words of `steps.LAYERS`, as soon as it is known to be right, and what was seen there."""


def server_version(address: ConnectAddress, timeout: float = 3.0, passed: Passed = lambda layer, seen: None) -> str:
    """The `spark.version` that the server reports; `timeout` is in seconds, for everything together.

    Raises `ConnectionProblem`, whose `code` says at which layer it ended, and `IncompatibleClientError` without gRPC.

    >>> from mage_ilum import resolve
    >>> server_version(resolve(), timeout=5)
    '4.1.1'
    """
    deadline = Deadline(timeout)
    proxy = proxy_variable(address.host)
    if proxy is None:  # else only the proxy knows the way
        _check_protocol(address, deadline, passed)
    return ask_version(address, deadline, proxy)


def _check_protocol(address: ConnectAddress, deadline: Deadline, passed: Passed) -> None:
    """Raise unless HTTP/2 is spoken there, with TLS or without as the address says."""
    targets = network.lookup(address, deadline)
    found = ", ".join(dict.fromkeys(str(target[0]) for _, target in targets))
    passed("name", f"{address.host} is {'an address' if found == address.host else found}")

    def connect() -> socket.socket:
        connection = network.connect(address, targets, deadline)
        passed("tcp", f"port {address.port} takes connections")
        return connection

    def plain(part: float) -> Answer:
        with connect() as connection:
            return ask_plain(connection, deadline.share(part))

    def tls(part: float) -> Answer:
        with connect() as connection:
            return ask_tls(connection, address.host, deadline.share(part))

    wanted, other = (tls, plain) if address.tls else (plain, tls)
    # A server may say nothing to a greeting that it does not understand: keep time for the other one.
    answer = wanted(0.7)
    if address.tls and answer in ("http2", "http1"):
        passed("tls", "TLS is spoken; whom its certificate names, gRPC looks at")
    if answer == "http2":
        passed("http2", "HTTP/2 is spoken")
        return
    code = {"http1": "http1", "closed": "closed", "silent": "silent"}.get(answer, "not-grpc")
    if not (address.tls and answer == "http1"):
        with suppress(ConnectionProblem):  # what the first greeting met is told then
            second = other(1)
            if second == "http2":
                code = _wrong_tls(address)
            elif second == "http1":
                code = "http1"
    raise problem(code, address, seconds=deadline.seconds)


def _wrong_tls(address: ConnectAddress) -> str:
    if not address.tls:
        return "tls-required"
    return "tls-refused" if address.use_ssl else "token-without-tls"
