"""Notices that a server has gone away or gone silent while calls wait for it.

gRPC's own keep-alive cannot do it: Spark's server allows one ping in five minutes and hangs up on who sends more.
So, while calls wait and nothing arrives, the server is asked for its version, on the same connection and session.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mage_ilum.errors import ConnectionProblem, UsageError

if TYPE_CHECKING:
    import grpc

PATIENCE = 10.0
"""Seconds for which a lost connection is tried again before the calls fail."""

SILENCE = 30.0
"""Seconds for which a server may answer nothing, not even a request for its version, before the calls fail."""

SILENCE_VARIABLE = "ILUM_SPARK_SILENCE_SECONDS"

_FRESH = 5.0  # seconds: a failure after a longer pause than this has nothing to do with the one before
_RETIRE = 10.0  # seconds without a call after which the thread ends; the next call starts another


def silence_limit() -> float:
    """The limit in seconds: `ILUM_SPARK_SILENCE_SECONDS`, else `SILENCE`; raises `UsageError`."""
    text = os.environ.get(SILENCE_VARIABLE, "")
    try:
        limit = float(text) if text else SILENCE
    except ValueError:
        limit = 0.0
    if not 1 <= limit < 1e6:
        raise UsageError(
            f"{SILENCE_VARIABLE} is {text!r}, which is no number of seconds from 1 on.",
            code="bad-setting",
            fix=f"Leave it out for {SILENCE:g} s, or give a number.",
        )
    return limit


class Cancellable(Protocol):
    """A call under way."""

    def cancel(self) -> bool: ...


class Watch:
    """What is known about one connection: when the server was last heard, and whether it is lost.

    `ask` sends the version request with a deadline in seconds and raises `grpc.RpcError`;
    `describe` makes the error for the code `lost` or `stuck` after that many seconds.
    """

    def __init__(
        self, ask: Callable[[float], object], describe: Callable[[str, float], ConnectionProblem], silence: float
    ) -> None:
        self._ask = ask
        self._describe = describe
        self._silence = silence
        self._changed = threading.Condition()
        self._waiting: set[Cancellable] = set()
        self._heard = time.monotonic()
        self._failing: tuple[float, float] | None = None  # when the first of a row of failures was, and the last
        self.problem: ConnectionProblem | None = None
        """Why the server is given up, once it is."""
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, call: Cancellable) -> None:
        """A call begins to wait. Raises where the server is lost already."""
        with self._changed:
            if self.problem is not None:
                call.cancel()
                raise self.problem
            if not self._waiting:
                self._heard = time.monotonic()
            self._waiting.add(call)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="mage-ilum-watch", daemon=True)
                self._thread.start()
            elif len(self._waiting) == 1:
                self._changed.notify_all()

    def end(self, call: Cancellable) -> None:
        """A call waits no more."""
        with self._changed:
            self._waiting.discard(call)

    def heard(self) -> None:
        """Something arrived from the server."""
        with self._changed:
            self._heard = time.monotonic()
            self._failing = None

    def explain(self, error: "grpc.RpcError") -> Exception:
        """What to raise for a failed call: the error itself, which PySpark may try again, or the end of all trying."""
        import grpc

        if self.problem is not None:
            return self.problem
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            # These two we say ourselves, the second when a deadline of ours is over.
            if error.code() not in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED):
                self.heard()
            return error
        now = time.monotonic()
        with self._changed:
            first, last = self._failing or (now, now)
            first = first if now - last < _FRESH else now
            self._failing = (first, now)
        if now - first > PATIENCE:
            return self._give_up("lost", PATIENCE)
        return error

    def close(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _give_up(self, code: str, seconds: float) -> ConnectionProblem:
        with self._changed:
            if self.problem is None:
                self.problem = self._describe(code, seconds)
            waiting = list(self._waiting)
        for call in waiting:
            call.cancel()
        return self.problem

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed, timeout=_RETIRE)
                if self._closed or self.problem is not None or not self._waiting:
                    self._thread = None
                    return
                quiet = self._silence / 3 - (time.monotonic() - self._heard)
                if quiet > 0:
                    self._changed.wait(quiet)
                    continue
            self._ask_now()

    def _ask_now(self) -> None:
        import grpc

        since = self._heard
        try:
            self._ask(max(self._silence - (time.monotonic() - since), 0.1))
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                if self._heard == since:
                    self._give_up("stuck", self._silence)
            elif error.code() is grpc.StatusCode.UNAVAILABLE:
                self.explain(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, timeout=1)
            else:
                self.heard()
        except ValueError:  # the channel was closed meanwhile
            self.close()
        else:
            self.heard()
