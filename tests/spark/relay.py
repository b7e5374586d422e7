"""A TCP relay before a server, so that a test can take the server away and leave it running for the others."""

import socket
import threading
from contextlib import suppress
from types import TracebackType


class Relay:
    """Passes every connection to its port on to `target`: an address, or the path of a socket.

    `cut()` closes them all and listens no more; `freeze()` keeps them, and what is sent arrives nowhere any more.
    """

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._flows = threading.Event()
        self._flows.set()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "Relay":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Take the server away."""
        self._flows.set()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def freeze(self) -> None:
        """Make the server silent, as one that is stopped: the kernel still answers for it."""
        self._flows.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = self._connect()
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=_pump, args=(source, sink, self._flows))
                self._threads.append(thread)
                thread.start()

    def _connect(self) -> socket.socket:
        if not isinstance(self._target, str):
            return socket.create_connection(self._target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._target)
        return far


def _pump(source: socket.socket, sink: socket.socket, flows: threading.Event) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            flows.wait()
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
