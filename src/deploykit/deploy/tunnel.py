"""A listener on 127.0.0.1 whose connections go on somewhere else, each by a connection of its own."""

import asyncio
import contextlib
import errno
from collections.abc import Awaitable, Callable
from typing import Protocol

from deploykit.errors import UsageError

HOST = "127.0.0.1"
_PIECE = 64 * 1024


class Connection(Protocol):
    """What a connection goes on by."""

    async def send(self, data: bytes) -> None:
        """Send all of it; raises `OSError`."""

    async def receive(self) -> bytes:
        """Some bytes, or `b""` at the end; raises `OSError`."""

    async def close(self) -> None:
        """End it; a `receive` that waits then ends too."""


Dial = Callable[[], Awaitable[Connection | None]]
"""Opens the connection that one of ours goes on by; `None` when there is none to be had now."""


async def listen(port: int, dial: Dial) -> asyncio.Server:
    """Accept connections on a port of 127.0.0.1 (0: any free one); raises `UsageError` when it is taken.

    Either side's end is the other's, after all that came before it was handed over: a WebSocket cannot be half closed.
    """

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            remote = await dial()
            if remote is not None:
                await _relay(reader, writer, remote)
        except asyncio.CancelledError:
            pass  # the command ends; Python 3.11 would show a traceback for each connection
        finally:
            writer.close()

    try:
        return await asyncio.start_server(accept, HOST, port)
    except OSError as error:
        raise UsageError(
            f"Port {port} of {HOST} cannot be used.",
            why="Another program listens there, perhaps another `deploykit open`."
            if error.errno == errno.EADDRINUSE
            else f"{error.strerror or error}.",
            fix=f"--port {port + 1}",
        ) from None


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, remote: Connection) -> None:
    async def upload() -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                await remote.send(data)
        await remote.close()

    uploading = asyncio.create_task(upload())
    try:
        with contextlib.suppress(OSError):
            while data := await remote.receive():
                writer.write(data)
                await writer.drain()
    finally:
        uploading.cancel()  # which may not have begun yet
        await remote.close()
