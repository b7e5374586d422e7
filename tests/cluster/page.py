"""Runs in a pod in the place of Mage: a page that says which pod it is, 5 MB to download, an upgrade that echoes."""

import asyncio
import socket

BIG = b"0123456789abcdef" * (5 * 1024 * 1024 // 16)


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b"Upgrade: echo" in head:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    else:
        body = BIG if head.startswith(b"GET /big ") else socket.gethostname().encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
    writer.close()


async def main() -> None:
    async with await asyncio.start_server(accept, "0.0.0.0", 6789) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
