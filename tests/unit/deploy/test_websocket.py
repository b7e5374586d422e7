"""The client's side of a WebSocket, against a server that speaks RFC 6455 byte by byte."""

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager

import pytest

from deploykit.deploy.websocket import HandshakeError, WebSocket

ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n\r\n"
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + MAGIC).encode(), usedforsecurity=False).digest()).decode()


async def upgraded(reader, writer):
    """Become a WebSocket; returns the request's lines."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    [key] = [line.split(": ")[1] for line in lines if line.startswith("Sec-WebSocket-Key")]
    writer.write(ACCEPT.format(accept_key(key)).encode())
    return lines


async def read_frame(reader):
    """Opcode and unmasked payload of a client's frame, which has to be final and masked."""
    first, second = await reader.readexactly(2)
    assert first & 0x80
    assert second & 0x80
    length = second & 0x7F
    if length > 125:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
    key = await reader.readexactly(4)
    data = await reader.readexactly(length)
    return first & 0xF, bytes(byte ^ key[place % 4] for place, byte in enumerate(data))


@asynccontextmanager
async def connected(serve, **headers):
    async def accept(reader, writer):
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield await WebSocket.upgrade(reader, writer, host="api", path="/a?b=1", headers=headers)
    finally:
        writer.close()
        server.close()


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 20))


def test_the_request_names_host_path_and_headers():
    seen = []

    async def serve(reader, writer):
        seen.extend(await upgraded(reader, writer))

    async def scenario():
        async with connected(serve, Authorization="Bearer Geheim1") as websocket:
            assert await websocket.receive() is None

    run(scenario())
    assert seen[0] == "GET /a?b=1 HTTP/1.1"
    assert {"Host: api", "Connection: Upgrade", "Authorization: Bearer Geheim1"} <= set(seen)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_messages_of_every_length_are_sent_masked_and_read(size):
    message = (b"0123456" * (size // 7 + 1))[:size]

    async def serve(reader, writer):
        await upgraded(reader, writer)
        assert await read_frame(reader) == (2, message)
        head = (
            bytes((size,)) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
        )
        writer.write(b"\x82" + head + message)
        await writer.drain()

    async def scenario():
        async with connected(serve) as websocket:
            await websocket.send(message)
            assert await websocket.receive() == message

    run(scenario())


def test_a_ping_is_answered_and_pieces_of_a_message_are_put_together():
    async def serve(reader, writer):
        await upgraded(reader, writer)
        writer.write(b"\x02\x03abc" + b"\x89\x02hi" + b"\x00\x01d" + b"\x80\x01e")
        assert await read_frame(reader) == (10, b"hi")
        writer.write(b"\x88\x02\x03\xe8")

    async def scenario():
        async with connected(serve) as websocket:
            assert await websocket.receive() == b"abcde"
            assert await websocket.receive() is None

    run(scenario())


def test_closing_says_good_bye_after_all_that_was_sent():
    async def serve(reader, writer):
        await upgraded(reader, writer)
        assert await read_frame(reader) == (2, b"x" * 100_000)
        assert await read_frame(reader) == (8, b"\x03\xe8")
        done.set()

    done = asyncio.Event()

    async def scenario():
        async with connected(serve) as websocket:
            await websocket.send(b"x" * 100_000)
            websocket.close()
            await done.wait()
            assert await websocket.receive() is None

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403),
        ("HTTP/1.1 200 OK\r\n\r\n", 200),
        (ACCEPT.format("wrong"), 101),
        ("SSH-2.0-x\r\n\r\n", 0),
        ("", 0),
    ],
)
def test_a_server_that_does_not_become_a_websocket_is_refused(answer, status):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())

    async def scenario():
        async with connected(serve):
            raise AssertionError

    with pytest.raises(HandshakeError) as raised:
        run(scenario())
    assert raised.value.status == status
