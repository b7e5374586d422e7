"""An interactive session: statements run in a driver of its own, and their results come back as Python values."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Literal

from mage_ilum.deadline import Deadline
from mage_ilum.http.client import HttpService, JsonObject
from mage_ilum.http.errors import ServiceError
from mage_ilum.livy.errors import LivyError
from mage_ilum.livy.output import value_of
from mage_ilum.livy.resource import ENDED, created, find_livy, integer

CodeKind = Literal["pyspark", "spark", "sparkr", "sql"]

_DONE = frozenset({"available", "error", "cancelled"})
_FIRST_LOOK_SECONDS = 0.05
_CANCEL_SECONDS = 5.0
_VALUE = "_mage_ilum_value"


class LivySession:
    """An open session; `livy_session()` makes one, and closes it.

    >>> with livy_session() as session:
    ...     session.id >= 0
    True
    """

    def __init__(self, livy: HttpService, identity: int, kind: CodeKind, poll: float) -> None:
        self.id = identity
        self._livy = livy
        self._kind = kind
        self._poll = poll

    def run(self, code: str, *, kind: CodeKind | None = None, timeout: float | None = None) -> object:
        r"""Run a statement and give its result: JSON where it has some (`%json name`), rows as dicts, else its text.

        `timeout` is in seconds; then the statement is cancelled, and the session stays usable. Raises
        `StatementError` with the traceback, `LivyError` on a time-out or when the session dies, `ServiceError`.

        >>> with livy_session() as session:
        ...     session.run("day = '2026-11-22'\nprint(day)")
        '2026-11-22'
        """
        request = {"code": code, "kind": kind or self._kind}
        path = f"sessions/{self.id}/statements"
        limit = Deadline(timeout if timeout is not None else math.inf)
        answer = self._livy.request("POST", path, json=request, limit=limit)
        path = f"{path}/{integer(answer.get('id'), 'statement id')}"
        wait = _FIRST_LOOK_SECONDS
        while answer.get("state") not in _DONE:
            if limit.left < wait:
                raise self._too_slow(path, limit)
            time.sleep(wait)
            wait = min(2 * wait, self._poll)
            try:
                answer = self._look(path, limit)
            except ServiceError:
                if limit.over:
                    raise self._too_slow(path, limit) from None
                raise
        if answer.get("state") == "cancelled":
            raise LivyError("The statement was cancelled.", code="cancelled")
        output = answer.get("output")
        return value_of(output if isinstance(output, dict) else {}, self._livy.redact)

    def _look(self, path: str, limit: Deadline) -> JsonObject:
        """What Livy says of a statement, if its session lives."""
        state = self._livy.look(f"sessions/{self.id}", limit=limit).get("state")
        if state in ENDED:
            raise LivyError(
                f"The Livy session {self.id} ended as {state!r} while the statement ran.",
                code="session-ended",
                fix="Look at the driver's log: most often it ran out of memory.",
            )
        return self._livy.look(path, limit=limit)

    def _too_slow(self, path: str, limit: Deadline) -> LivyError:
        """Cancel a statement; the error that says so."""
        with suppress(ServiceError):
            self._livy.request("POST", f"{path}/cancel", limit=Deadline(_CANCEL_SECONDS))
        return LivyError(f"The statement did not end within {limit.seconds:g} s.", code="timeout")

    def value(self, expression: str, *, timeout: float | None = None) -> object:
        """The value of a Python expression in a `pyspark` session: whatever JSON can hold.

        >>> with livy_session() as session:
        ...     session.value("{'rows': 6 * 7}")
        {'rows': 42}
        """
        return self.run(f"{_VALUE} = ({expression})\n%json {_VALUE}", kind="pyspark", timeout=timeout)

    def sql(self, query: str, *, timeout: float | None = None) -> object:
        """The rows of a query as dicts; Livy sends 1,000 of them at most, unless it is set otherwise.

        Livy knows no parameters: never put a value into the text that a stranger may choose.

        >>> with livy_session() as session:
        ...     session.sql("SELECT 42 AS answer")
        [{'answer': 42}]
        """
        return self.run(query, kind="sql", timeout=timeout)


@contextmanager
def livy_session(
    kind: CodeKind = "pyspark",
    *,
    name: str | None = None,
    conf: Mapping[str, str] | None = None,
    jars: Sequence[str] = (),
    py_files: Sequence[str] = (),
    files: Sequence[str] = (),
    driver_memory: str | None = None,
    driver_cores: int | None = None,
    executor_memory: str | None = None,
    executor_cores: int | None = None,
    num_executors: int | None = None,
    proxy_user: str | None = None,
    url: str | None = None,
    timeout: float = 300.0,
    poll: float = 1.0,
) -> Iterator[LivySession]:
    """Open an interactive session on Livy at `url`, or at `ILUM_LIVY_URL`, and delete it afterwards, whatever happens.

    `name` gets a random suffix, by which the session is found and deleted when Livy's answer is lost, and nobody
    else's. `timeout` is in seconds, for its start: a driver has to be made. `poll` is the longest time between two
    looks.
    Credentials come from `ILUM_LIVY_TOKEN`, or `ILUM_LIVY_USER` and `ILUM_LIVY_PASSWORD`. Raises `LivyError` when the
    session does not start, `ServiceError` when Livy does not answer or refuses.

    >>> with livy_session(conf={"spark.executor.instances": "2"}) as session:
    ...     session.run("numbers = list(range(5))")
    ...     session.value("sum(numbers)")
    ''
    10
    """
    request: dict[str, object] = {
        "kind": kind,
        "name": name,
        "conf": dict(conf or {}),
        "jars": list(jars),
        "pyFiles": list(py_files),
        "files": list(files),
        "driverMemory": driver_memory,
        "driverCores": driver_cores,
        "executorMemory": executor_memory,
        "executorCores": executor_cores,
        "numExecutors": num_executors,
        "proxyUser": proxy_user,
    }
    livy = find_livy(url, conf)
    limit = Deadline(timeout)
    with created(livy, "sessions", {key: value for key, value in request.items() if value}, limit) as identity:
        _wait_idle(livy, identity, limit, poll)
        yield LivySession(livy, identity, kind, poll)


def _wait_idle(livy: HttpService, identity: int, limit: Deadline, poll: float) -> None:
    state: object = "unknown"
    while True:
        try:
            answer = livy.look(f"sessions/{identity}", limit=limit)
        except ServiceError as error:
            if limit.over:
                raise _not_started(identity, limit, state, error.what) from None
            raise
        state = answer.get("state")
        if state in ("idle", "busy"):
            return
        log = answer.get("log")
        why = livy.redact("\n    ".join(map(str, log))) if isinstance(log, list) else ""
        if state in ENDED:
            raise LivyError(f"The Livy session {identity} did not start: it is {state!r}.", code="no-start", why=why)
        if limit.left < poll:
            raise _not_started(identity, limit, state, why)
        time.sleep(poll)


def _not_started(identity: int, limit: Deadline, state: object, why: str) -> LivyError:
    return LivyError(
        f"The Livy session {identity} did not start within {limit.seconds:g} s: it is {state!r}.",
        code="timeout",
        why=why,
        fix="Look for a driver pod that waits for room on a node, or allow more time with timeout=.",
    )
