"""A reverse proxy before a real registry: it wants a login, counts what passes, and goes wrong when it is told to.

It speaks plain HTTP on the loopback address, where Docker and deploykit need no certificate. Everything that it is not
told to spoil is what the registry itself says.
"""

import base64
import http.server
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import TypeAlias

from tests.sync.calls import Call, On
from tests.sync.exchange import Exchange

USER = "robot"
Fault: TypeAlias = Callable[[Exchange], None]


class RegistryProxy:
    """`upstream`: host and port of the registry. `login`: whether it wants a token, and for that a password.

    `mounts`: whether it takes a blob of another repository for this one, so that a push need not send it.
    """

    def __init__(self, upstream: str, *, login: bool = True, mounts: bool = True) -> None:
        self.upstream = upstream
        self.login = login
        self.mounts = mounts
        self.released = threading.Event()
        self.calls: list[Call] = []
        self._password = f"hush-{secrets.token_hex(12)}"
        self._pair = base64.b64encode(f"{USER}:{self._password}".encode()).decode()
        self._tokens: set[str] = set()
        self._armed: list[tuple[On, Fault, list[Call]]] = []
        self._changed = threading.Condition()
        handler = type("Handler", (Exchange,), {"registry": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True  # a client may keep its connection open for ever
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> "RegistryProxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def docker_config(self) -> str:
        """What `docker login` leaves in config.json."""
        return json.dumps({"auths": {self.host: {"auth": self._pair}}})

    @property
    def secrets(self) -> set[str]:
        """What must not be seen anywhere."""
        return {self._password, self._pair, *self._tokens}

    def inject(self, on: On, fault: Fault) -> None:
        """Have calls go wrong from now on."""
        with self._changed:
            self._armed.append((on, fault, []))

    def heal(self) -> None:
        """Nothing goes wrong any more, and what hangs is let go; the counting begins anew."""
        with self._changed:
            self._armed.clear()
            self.calls.clear()
        self.released.set()
        self.released = threading.Event()

    @property
    def met(self) -> int:
        """How many calls have gone wrong."""
        with self._changed:
            return sum(max(min(len(seen) - on.nth + 1, on.times), 0) for on, _, seen in self._armed)

    def counted(self, repository: str = "") -> Counter[str]:
        """How many calls there were of each kind, such as `docker HEAD blob`."""
        with self._changed:
            return Counter(str(call) for call in self.calls if repository in ("", call.repository))

    def wait_for(self, on: On, *, seconds: float) -> None:
        """Return as soon as the `nth` such call has come; raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while sum(map(on.fits, self.calls)) < on.nth:
                if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError(f"{on} did not come within {seconds} s")

    # For the exchanges.

    def came(self, call: Call) -> list[Fault]:
        """Note a call; returns what is to go wrong about it."""
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
            hit = [(on, fault, seen) for on, fault, seen in self._armed if on.fits(call)]
            for _, _, seen in hit:
                seen.append(call)
            return [fault for on, fault, seen in hit if on.nth <= len(seen) < on.nth + on.times]

    def token(self, authorization: str) -> str | None:
        """A token for the right user and password."""
        if authorization != f"Basic {self._pair}":
            return None
        token = f"token-{secrets.token_hex(12)}"
        self._tokens.add(token)
        return token

    def allows(self, authorization: str) -> bool:
        """Whether a request carries a token of ours, or needs none."""
        return not self.login or authorization.removeprefix("Bearer ") in self._tokens
