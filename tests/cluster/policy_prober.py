"""What runs in the pods of test_policy_evaluator.py: `serve` answers on every port, `probe` tries connections.

`probe` reads one JSON line at a time, `{"probes": [[address, port, protocol], ...], "seconds": 0.5}`, makes all probes
at once and writes a JSON list: which of them were answered. Only the standard library, for any image with Python 3.10.
"""

import asyncio
import itertools
import json
import sys

SOURCE_PORTS = itertools.count(10000)
"""A UDP port is never used twice: conntrack lets through what belongs to an earlier, allowed exchange."""


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Reply(asyncio.DatagramProtocol):
    def __init__(self):
        self.came = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, address):
        if not self.came.done():
            self.came.set_result(True)

    def error_received(self, error):
        """A port without a listener: UDP's refusal is no reply."""


async def hang_up(reader, writer):
    writer.close()


async def serve(ports):
    loop = asyncio.get_running_loop()
    for port in ports:
        await asyncio.start_server(hang_up, "0.0.0.0", port)
        await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", port))
    await asyncio.Event().wait()


async def tcp(address, port):
    _, writer = await asyncio.open_connection(address, port)
    writer.close()


async def udp(address, port):
    source = ("0.0.0.0", next(SOURCE_PORTS))
    transport, reply = await asyncio.get_running_loop().create_datagram_endpoint(
        Reply, local_addr=source, remote_addr=(address, port)
    )
    try:
        while True:
            transport.sendto(b"?")
            if (await asyncio.wait([reply.came], timeout=0.2))[0]:
                return
    finally:
        transport.close()


async def answered(address, port, protocol, seconds):
    task = asyncio.create_task((tcp if protocol == "TCP" else udp)(address, port))
    done, _ = await asyncio.wait([task], timeout=seconds)
    task.cancel()
    return bool(done) and task.exception() is None


async def probe_all(request):
    return await asyncio.gather(*(answered(*one, request["seconds"]) for one in request["probes"]))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(map(int, sys.argv[2:])))
    for line in sys.stdin:
        print(json.dumps(asyncio.run(probe_all(json.loads(line)))), flush=True)
