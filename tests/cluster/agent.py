"""What runs inside the pods, and on the node: listeners and a prober. The standard library alone, for `python3 -c`.

    agent.py serve tcp:0.0.0.0:15002 udp:169.254.20.10:53    accepts, and answers datagrams, until it is ended
    agent.py probe                                           reads a line of JSON {NAME: [[PROTOCOL, HOST, PORT], ...]},
                                                             writes one {NAME: VERDICT}, and waits for the next

All probes of a line run at once. A verdict is `yes` (everything answered), `no` (nothing did, within the limit),
`refused` (a host answered that nobody listens there: it was reached), or `mixed`.
"""

import concurrent.futures
import json
import socket
import sys
import threading

SECONDS = 0.5
QUESTION = b"\0\1\1\0\0\1\0\0\0\0\0\0\12kubernetes\7default\3svc\7cluster\5local\0\0\1\0\1"
"""A DNS query, of which any answer will do."""


def serve(*addresses: str) -> None:
    for address in addresses:
        protocol, host, port = address.split(":")
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
        listener = socket.socket(type=kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        threading.Thread(target=_answer if protocol == "udp" else _accept, args=[listener]).start()


def _answer(listener: socket.socket) -> None:
    while True:
        data, sender = listener.recvfrom(512)
        listener.sendto(data, sender)


def _accept(listener: socket.socket) -> None:
    listener.listen(64)
    while True:
        listener.accept()[0].close()


def reach(protocol: str, host: str, port: int) -> str:
    try:
        if protocol == "udp":
            with socket.socket(type=socket.SOCK_DGRAM) as asking:
                asking.settimeout(SECONDS)
                asking.sendto(QUESTION, (host, port))
                asking.recv(512)
        else:
            socket.create_connection((host, port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "no"
    return "yes"


def probe() -> None:
    with concurrent.futures.ThreadPoolExecutor(max_workers=64) as pool:
        for line in sys.stdin:
            asked = {
                name: [pool.submit(reach, *probe) for probe in probes] for name, probes in json.loads(line).items()
            }
            verdicts = {name: {future.result() for future in futures} for name, futures in asked.items()}
            said = {name: found.pop() if len(found) == 1 else "mixed" for name, found in verdicts.items()}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        probe()
