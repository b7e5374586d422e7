"""The listener on 127.0.0.1, over connections that are plain TCP here."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from deploykit.deploy.tunnel import HOST, listen
from deploykit.errors import UsageError

MUCH = bytes(range(256)) * 20_000  # 5 MB


class Plain:
    """A TCP connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self):
        return await self.reader.read(1 << 16)

    async def close(self):
        self.writer.close()


@asynccontextmanager
async def tunnel(serve):
    """Opens connections that end at `serve(reader, writer)` behind the tunnel."""

    async def accept(reader, writer):
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    backend = await asyncio.start_server(accept, HOST, 0)

    async def dial():
        return Plain(*await asyncio.open_connection(HOST, backend.sockets[0].getsockname()[1]))

    front = await listen(0, dial)
    assert front.sockets[0].getsockname()[0] == "127.0.0.1"
    try:
        yield lambda: asyncio.open_connection(HOST, front.sockets[0].getsockname()[1])
    finally:
        front.close()
        backend.close()


async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 20))


def test_what_goes_in_comes_back_on_many_connections_at_once():
    async def one(connect, number):
        reader, writer = await connect()
        for turn in range(5):
            text = f"{number}-{turn};".encode() * 1000
            writer.write(text)
            assert await reader.readexactly(len(text)) == text
        writer.close()

    async def scenario():
        async with tunnel(echo) as connect:
            await asyncio.gather(*(one(connect, number) for number in range(30)))

    run(scenario())


def test_an_answer_arrives_whole_although_its_sender_hangs_up_at_once():
    async def send_and_go(reader, writer):
        writer.write(MUCH)
        await writer.drain()

    async def scenario():
        async with tunnel(send_and_go) as connect:
            reader, writer = await connect()
            assert await reader.read(-1) == MUCH
            writer.close()

    run(scenario())


def test_a_client_that_leaves_ends_the_other_side():
    left = asyncio.Event()

    async def wait(reader, writer):
        assert await reader.read(-1) == b"hello"
        left.set()

    async def scenario():
        async with tunnel(wait) as connect:
            _, writer = await connect()
            writer.write(b"hello")
            await writer.drain()
            writer.close()
            await asyncio.wait_for(left.wait(), 5)

    run(scenario())


def test_a_connection_that_has_ended_before_it_is_used_is_let_go():
    class Over:
        left = False

        async def send(self, data): ...

        async def receive(self):
            return b""

        async def close(self):
            self.left = True

    async def scenario():
        remote = Over()

        async def dial():
            return remote

        server = await listen(0, dial)
        reader, writer = await asyncio.open_connection(HOST, server.sockets[0].getsockname()[1])
        assert await reader.read() == b""
        assert remote.left
        writer.close()
        server.close()

    run(scenario())


def test_where_nothing_can_be_dialled_the_connection_ends_and_the_next_one_is_tried_anew():
    async def scenario():
        dialled = []

        async def dial():
            dialled.append(1)

        server = await listen(0, dial)
        for count in (1, 2):
            reader, writer = await asyncio.open_connection(HOST, server.sockets[0].getsockname()[1])
            assert await reader.read() == b""
            assert len(dialled) == count
            writer.close()
        server.close()

    run(scenario())


def test_a_port_that_is_taken_is_a_sentence():
    async def never():
        raise AssertionError

    async def scenario():
        first = await listen(0, never)
        port = first.sockets[0].getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} of 127.0.0.1 cannot be used") as raised:
            await listen(port, never)
        assert "Another program listens there" in raised.value.why
        assert raised.value.fix == f"--port {port + 1}"
        first.close()

    run(scenario())
