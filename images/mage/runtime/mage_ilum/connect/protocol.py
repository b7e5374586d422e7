"""The third layer: which protocol answers on a TCP connection, asked with a few bytes and without gRPC."""

import socket
import ssl
from typing import Literal

from mage_ilum.deadline import Deadline

Answer = Literal["http2", "http1", "tls", "closed", "silent", "other"]

# What every HTTP/2 client sends first: the preface and an empty SETTINGS frame. A server's first frame is SETTINGS too.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_FRAME_HEADER = 9
_SETTINGS = 4
_TLS_ALERT = b"\x15\x03"


def ask_plain(connection: socket.socket, deadline: Deadline) -> Answer:
    """Greet as an HTTP/2 client without TLS, and see who answers."""
    answer = b""
    try:
        connection.settimeout(deadline.left)
        connection.sendall(_PREFACE)
        while len(answer) < _FRAME_HEADER:
            connection.settimeout(deadline.left)
            received = connection.recv(_FRAME_HEADER - len(answer))
            if not received:
                break
            answer += received
    except TimeoutError:
        return _plain(answer) if answer else "silent"
    except OSError:
        pass
    return _plain(answer) if answer else "closed"


def _plain(answer: bytes) -> Answer:
    if answer.startswith((b"HTTP/", b"<")):  # a status line, or the bare HTML that HTTP/0.9 allowed
        return "http1"
    if answer.startswith(_TLS_ALERT):
        return "tls"
    is_settings = len(answer) == _FRAME_HEADER and answer[3] == _SETTINGS and answer[5:] == bytes(4)
    return "http2" if is_settings else "other"


def ask_tls(connection: socket.socket, host: str, deadline: Deadline) -> Answer:
    """Shake hands as a TLS client that believes any certificate; whom to trust is gRPC's decision, later.

    `http2` and `http1` are what the server agreed to speak inside TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        connection.settimeout(deadline.left)
        with context.wrap_socket(connection, server_hostname=host) as tls:
            return "http2" if tls.selected_alpn_protocol() == "h2" else "http1"
    except TimeoutError:
        return "silent"
    except ssl.SSLError as error:
        if "no application protocol" in str(error):  # it speaks TLS, and no HTTP/2 inside; Python has no name for it
            return "http1"
        return "closed" if isinstance(error, ssl.SSLEOFError) else "other"
    except OSError:
        return "closed"
