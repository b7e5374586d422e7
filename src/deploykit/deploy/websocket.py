"""A WebSocket (RFC 6455) on an open connection: the client's side, binary messages, nothing else."""

import base64
import hashlib
import os
import struct
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import Mapping

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # the protocol's own constant
_CONTINUATION, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x2, 0x8, 0x9, 0xA
_FINAL, _MASKED = 0x80, 0x80
_LONGEST_FRAME = 16 * 1024 * 1024


class HandshakeError(Exception):
    """The other side did not become a WebSocket; `status` is its HTTP status, 0 where it spoke no HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status


async def read_head(reader: StreamReader) -> tuple[int, Mapping[str, str]]:
    """The status and the headers, by lower-case name, of an HTTP answer; raises `HandshakeError`."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
    except (IncompleteReadError, LimitOverrunError, IndexError, ValueError):
        raise HandshakeError(0) from None
    pairs = (line.partition(":") for line in head[1:] if line)
    return status, {name.strip().lower(): value.strip() for name, _, value in pairs}


class WebSocket:
    """An open WebSocket."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=0)  # so that `close` loses nothing that `send` took

    @classmethod
    async def upgrade(
        cls, reader: StreamReader, writer: StreamWriter, *, host: str, path: str, headers: Mapping[str, str]
    ) -> "WebSocket":
        """Ask an HTTP server to go on as a WebSocket; raises `HandshakeError` when it does not, `OSError`."""
        key = base64.b64encode(os.urandom(16)).decode()
        own = {
            "Host": host,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**own, **headers}.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        await writer.drain()
        status, answer = await read_head(reader)
        expected = base64.b64encode(hashlib.sha1((key + _MAGIC).encode(), usedforsecurity=False).digest()).decode()
        if status != 101 or answer.get("sec-websocket-accept") != expected:
            raise HandshakeError(status)
        return cls(reader, writer)

    async def send(self, data: bytes) -> None:
        """Send a message; waits while the other side takes nothing. Raises `OSError`."""
        self._write(_BINARY, data)
        await self._writer.drain()

    async def receive(self) -> bytes | None:
        """The next message, `None` at the end. Raises `OSError` when the connection breaks."""
        message = b""
        while True:
            try:
                final, opcode, data = await self._frame()
            except IncompleteReadError:
                return None
            if opcode == _CLOSE:
                return None
            if opcode == _PING:
                self._write(_PONG, data)
                await self._writer.drain()
            elif opcode in (_BINARY, _CONTINUATION):
                message += data
                if final:
                    return message

    def close(self) -> None:
        """Say good-bye and hang up; a `receive` that waits then ends."""
        if not self._writer.is_closing():
            self._write(_CLOSE, struct.pack("!H", 1000))
        self._writer.transport.abort()  # TLS would wait for the other side's good-bye

    async def _frame(self) -> tuple[bool, int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
        if second & _MASKED or length > _LONGEST_FRAME:
            raise ConnectionAbortedError("The server sends what is no WebSocket frame")
        return bool(first & _FINAL), first & 0x0F, await self._reader.readexactly(length)

    def _write(self, opcode: int, data: bytes) -> None:
        length = len(data)
        if length < 126:
            size = bytes((_MASKED | length,))
        elif length < 1 << 16:
            size = bytes((_MASKED | 126,)) + struct.pack("!H", length)
        else:
            size = bytes((_MASKED | 127,)) + struct.pack("!Q", length)
        key = os.urandom(4)
        self._writer.write(bytes((_FINAL | opcode,)) + size + key + _masked(data, key))


def _masked(data: bytes, key: bytes) -> bytes:
    """As RFC 6455 §5.3 asks of clients: each byte with the key's byte of that place."""
    length = len(data)
    pattern = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(data, "little") ^ int.from_bytes(pattern, "little")).to_bytes(length, "little")
