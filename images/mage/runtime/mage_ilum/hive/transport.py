"""A connection to a HiveServer2: name, TCP, TLS, log-in, and then messages of Thrift, each with a limit in time."""

import socket
import ssl
import struct
from contextlib import suppress
from io import BufferedReader

from mage_ilum import network
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem
from mage_ilum.hive import thrift
from mage_ilum.hive.address import SqlAddress
from mage_ilum.hive.problems import sql_problem
from mage_ilum.hive.thrift import RefusedError, Struct, ThriftError, Typed

# A server that vanishes without a word is noticed after about 2 minutes, also where a query has no limit.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}

# SASL as Thrift frames it: a status, the length, the payload.
_START, _OK, _BAD, _ERROR, _COMPLETE = range(1, 6)


class Transport:
    """An open connection, logged in."""

    def __init__(self, address: SqlAddress, *, timeout: float) -> None:
        """Connect within `timeout` seconds; raises `ConnectionProblem`, whose `code` says at which layer it ended."""
        deadline = Deadline(timeout)
        self.address = address
        self._socket = reach(address, deadline)
        if address.ssl:
            self._socket = _tls(self._socket, address, deadline)
        self._file = self._socket.makefile("rb")
        try:
            self._framed = address.auth == "plain"
            if self._framed:
                self._log_in(deadline)
            self._greet(deadline)
        except BaseException:
            self.close()
            raise

    def call(self, method: str, request: Typed, *, seconds: float | None) -> Struct:
        """Call a method and return its result.

        Raises `TimeoutError` after `seconds`, and `ConnectionProblem` where the server is lost: then the connection is
        closed. `None` waits for as long as the server is there.
        """
        try:
            return self._call(method, request, seconds)
        except RefusedError as error:
            raise sql_problem("not-hive", self.address, detail=str(error)) from None
        except TimeoutError:
            self.close()
            raise
        except (OSError, EOFError, ThriftError) as error:
            self.close()
            raise sql_problem("lost", self.address, detail=str(error)) from None

    def close(self) -> None:
        """Close the connection, whatever its state."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._socket.close()

    def _call(self, method: str, request: Typed, seconds: float | None) -> Struct:
        self._socket.settimeout(seconds)
        message = thrift.call(method, request)
        self._socket.sendall(struct.pack(">i", len(message)) + message if self._framed else message)
        return thrift.reply(_Frames(self._file) if self._framed else _Stream(self._file))

    def _log_in(self, deadline: Deadline) -> None:
        """SASL's PLAIN. HiveServer2 refuses an empty password, also where it looks at none."""
        secret = f"\0{self.address.user}\0{self.address.password or 'none'}".encode()
        hello = struct.pack(">bi", _START, 5) + b"PLAIN" + struct.pack(">bi", _OK, len(secret)) + secret
        seconds = deadline.seconds
        try:
            self._socket.settimeout(deadline.left)
            self._socket.sendall(hello)
            head = _Stream(self._file).read(5)
            status, size = struct.unpack(">bi", head)
            if status in (_BAD, _ERROR):
                reason = self._file.read(min(size, 500)).decode(errors="replace")
                raise sql_problem("login", self.address, detail=reason)
        except TimeoutError:
            raise sql_problem("silent", self.address, seconds=seconds) from None
        except (OSError, EOFError):
            raise sql_problem("closed", self.address, seconds=seconds) from None
        if status != _COMPLETE or size:
            raise _not_hive(head, self.address)

    def _greet(self, deadline: Deadline) -> None:
        """Call what no server has: one that speaks Thrift says so at once, without a line in its log."""
        try:
            self._call("Ping", thrift.struct({}), deadline.left)
        except RefusedError:
            return
        except TimeoutError:
            raise sql_problem("silent", self.address, seconds=deadline.seconds) from None
        except ThriftError as error:
            raise sql_problem("not-hive", self.address, detail=str(error)) from None
        except (OSError, EOFError):
            raise sql_problem("closed", self.address, seconds=deadline.seconds) from None


def reach(address: SqlAddress, deadline: Deadline) -> socket.socket:
    """A TCP connection; raises `ConnectionProblem`."""
    where = ConnectAddress(address.host, address.port)
    try:
        connection = network.connect(where, network.lookup(where, deadline), deadline)
    except ConnectionProblem as problem:
        raise sql_problem(problem.code, address, seconds=deadline.seconds) from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):  # Linux has them
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return connection


def _tls(connection: socket.socket, address: SqlAddress, deadline: Deadline) -> socket.socket:
    try:
        context = ssl.create_default_context(cafile=address.ssl_ca or None)
        connection.settimeout(deadline.left)
        return context.wrap_socket(connection, server_hostname=address.host)
    except TimeoutError:
        connection.close()
        raise sql_problem("silent", address, seconds=deadline.seconds) from None
    except OSError as error:
        connection.close()
        reason = (
            getattr(error, "verify_message", "") or getattr(error, "reason", "") or error.strerror or "it was closed"
        )
        raise sql_problem("tls-untrusted", address, detail=reason) from None


def _not_hive(head: bytes, address: SqlAddress) -> ConnectionProblem:
    """Who answers the greeting with these bytes."""
    if head.startswith((b"HTTP", b"<")):
        return sql_problem("http", address)
    if head.startswith(b"\x15\x03"):
        return sql_problem("tls-required", address)
    if head.startswith(b"\0\0") and head[3] == 4:  # a SETTINGS frame
        return sql_problem("not-hive", address, detail="it speaks HTTP/2, as Spark Connect does")
    return sql_problem("not-hive", address, detail=f"it began with {head!r}")


class _Stream:
    """Messages without frames."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError("it was closed")
        return data


class _Frames:
    """A message in one frame or several, each with its length before it."""

    def __init__(self, file: BufferedReader) -> None:
        self._stream = _Stream(file)
        self._data = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        end = self._at + size
        while len(self._data) < end:
            (length,) = struct.unpack(">i", self._stream.read(4))
            self._data = self._data[self._at :] + self._stream.read(length)
            self._at, end = 0, size
        found = self._data[self._at : end]
        self._at = end
        return found
