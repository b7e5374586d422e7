"""The first two layers: the name, then TCP. Each fails with its own `ConnectionProblem`, in time."""

import socket
import threading
from queue import Empty, SimpleQueue

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.problems import problem
from mage_ilum.deadline import Deadline

_Target = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
_TELLING = ("no-route", "unreachable", "refused")  # what of several addresses is said: the last of these
_UNKNOWN_NAME = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)}


def lookup(address: ConnectAddress, deadline: Deadline) -> list[_Target]:
    """The host's addresses.

    `getaddrinfo` takes no time limit (a dropped DNS packet costs 5 s or more each), so a daemon thread asks: it can be
    left behind without keeping the process alive.
    """
    answers: SimpleQueue[list[_Target] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            answers.put([(family, target) for family, _, _, _, target in found])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="mage-ilum-dns", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left)
    except Empty:
        raise problem("dns-silent", address, seconds=deadline.seconds) from None
    if isinstance(answer, socket.gaierror) and answer.errno not in _UNKNOWN_NAME:
        raise problem("dns-silent", address, seconds=deadline.seconds) from None
    if isinstance(answer, Exception):
        raise problem("name-unknown", address, seconds=deadline.seconds) from None
    return answer


def connect(address: ConnectAddress, targets: list[_Target], deadline: Deadline) -> socket.socket:
    """A TCP connection to the first of the targets that takes it; they share the time that is left."""
    codes: list[str] = []
    for index, (family, target) in enumerate(targets):
        share = deadline.left / (len(targets) - index)
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # a kernel without IPv6 has a DNS that knows it
            codes.append(_code(error))
            continue
        connection.settimeout(share)
        try:
            connection.connect(target)
        except OSError as error:
            connection.close()
            codes.append(_code(error))
        else:
            return connection
    raise problem(max(codes, key=_TELLING.index, default="unreachable"), address, seconds=deadline.seconds)


def _code(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "unreachable" if isinstance(error, TimeoutError) else "no-route"
