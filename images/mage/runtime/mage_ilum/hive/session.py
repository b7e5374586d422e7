"""A session on a HiveServer2 and its queries: opened, run, watched until a deadline, cancelled, closed."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import suppress

from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem, MageIlumError
from mage_ilum.hive.address import SqlAddress
from mage_ilum.hive.columns import Column, columns_of, rows_of
from mage_ilum.hive.problems import sql_problem
from mage_ilum.hive.thrift import Struct, Typed, as_text, fields_of, flag, i32, i64, items_of, struct, text, texts
from mage_ilum.hive.transport import Transport

_PROTOCOL_V6 = 5  # the first with results by columns; every HiveServer2, Kyuubi and Spark speaks it
# Without these, Spark lets the tasks of a cancelled query run to their end, and Spark 3 makes Hive's text tables.
_SETTINGS = {
    "set:hiveconf:spark.sql.thriftServer.interruptOnCancel": "true",
    "set:hiveconf:spark.sql.legacy.createHiveTableByDefault": "false",
}
_SUCCESS = (0, 1)
_FINISHED, _UNFINISHED, _TIMED_OUT = 2, (0, 1, 7), 8  # unfinished: initialized, running, pending
_CLEAN_UP_SECONDS = 3.0
_POLL_SECONDS = (0.01, 0.5)
_STATUS_SECONDS = 6.0  # while a query runs, a server may keep the question for its state for 5 s
_OPEN_SECONDS = 300.0  # an engine may have to start first, which Kyuubi gives 3 minutes
_ROWS_AT_ONCE = 10_000
_STACK_TRACE = re.compile(r"^\s*(?:at [\w.$]+\(|Caused by: )", re.MULTILINE)
_JAVA_NAMES = re.compile(r"^(?:(?:\[[A-Z_.]+\] )?[\w.$]+(?:Exception|Error): \s*|Error running query: )+")


class QueryError(MageIlumError):
    """A query that the server could not run, or that took too long."""


def too_slow(seconds: float) -> QueryError:
    """The error for a query that took longer than it may."""
    return QueryError(
        f"The query did not end within {seconds:g} s and was cancelled.",
        code="query-timeout",
        why="It is that large, or its executors do not come up: no room on the cluster, or no image for them.",
        fix="Look at the query in Spark's UI, or allow more time: query_timeout.",
    )


class HiveSession:
    """A session; `query_timeout` in seconds limits its opening, each query and each batch of rows.

    `None` does not, but for the opening: that may take 300 s.
    """

    def __init__(self, address: SqlAddress, *, timeout: float, query_timeout: float | None) -> None:
        self.address = address
        self.database = address.database
        self.query_timeout = query_timeout
        self._transport = Transport(address, timeout=timeout)
        try:
            self._handle = self._open()
        except BaseException:
            self._transport.close()
            raise

    def run(self, statement: str) -> "Query":
        """Run a statement to its end; raises `QueryError`. One that is given up is cancelled on the server."""
        seconds = self.query_timeout
        deadline = None if seconds is None else Deadline(seconds)
        request = {1: self._handle, 2: text(statement), 4: flag(True)}
        if seconds is not None:
            request[5] = i64(max(1, math.ceil(seconds)))  # the server gives it up, too
        query = Query(self, fields_of(self.call("ExecuteStatement", request, deadline).get(2)))
        try:
            query.wait(deadline)
        except BaseException:
            query.cancel()
            raise
        return query

    def call(self, method: str, request: "dict[int, Typed]", deadline: Deadline | None) -> Struct:
        """Call a method of the protocol; raises `QueryError` where the answer says that it failed, or none comes."""
        try:
            answer = self._transport.call(method, struct(request), seconds=deadline.left if deadline else None)
        except TimeoutError:
            raise too_slow(self.query_timeout or 0) from None
        if message := _failure(answer):
            raise QueryError(message, code="query-failed")
        return answer

    def close(self) -> None:
        """End the session and close the connection, whatever their state."""
        with suppress(ConnectionProblem, TimeoutError):
            self._transport.call("CloseSession", struct({1: self._handle}), seconds=_CLEAN_UP_SECONDS)
        self._transport.close()

    def _open(self) -> Typed:
        address = self.address
        request = struct(
            {
                1: i32(_PROTOCOL_V6),
                2: text(address.user),
                3: text(address.password or "none"),
                4: texts({"use:database": address.database, **_SETTINGS}),
            }
        )
        seconds = _OPEN_SECONDS if self.query_timeout is None else self.query_timeout
        try:
            answer = self._transport.call("OpenSession", request, seconds=seconds)
        except TimeoutError:
            raise sql_problem("slow", address, seconds=seconds) from None
        if message := _failure(answer):
            raise sql_problem("session", address, detail=message.rstrip("."))
        return struct({1: _identifier(answer.get(3))})


class Query:
    """A statement that the server runs or has run, and its result."""

    def __init__(self, session: HiveSession, handle: Struct) -> None:
        self._session = session
        kind, has_result = handle.get(2), bool(handle.get(3))
        self._has_result = has_result
        self._handle = struct(
            {1: _identifier(handle), 2: i32(kind if isinstance(kind, int) else 0), 3: flag(has_result)}
        )

    def wait(self, deadline: Deadline | None) -> None:
        """Return when it has finished; raises `QueryError`."""
        pause, longest = _POLL_SECONDS
        while True:
            # An answer that is not waited for would cost the connection, by which the query is cancelled.
            limit = deadline and Deadline(max(deadline.left, _STATUS_SECONDS))
            answer = self._call("GetOperationStatus", {}, limit)
            state = answer.get(2)
            if state == _FINISHED:
                return
            if state == _TIMED_OUT:
                raise too_slow(self._session.query_timeout or 0)
            if state not in _UNFINISHED:
                raise QueryError(clean(as_text(answer.get(5))) or f"It ended in state {state!r}.", code="query-failed")
            time.sleep(min(pause, deadline.left) if deadline else pause)
            if deadline and deadline.over:
                raise too_slow(self._session.query_timeout or 0)
            pause = min(pause * 1.5, longest)

    def columns(self) -> list[Column]:
        """The columns of the result; none where it has no result."""
        if not self._has_result:
            return []
        answer = self._call("GetResultSetMetadata", {}, self._deadline())
        return columns_of(items_of(fields_of(answer.get(2)).get(1)))

    def batches(self, columns: list[Column]) -> Iterator[list[tuple[object, ...]]]:
        """The rows, some thousands at once."""
        while True:
            request = {2: i32(0), 3: i64(_ROWS_AT_ONCE)}
            answer = self._call("FetchResults", request, self._deadline())
            rows = rows_of(columns, items_of(fields_of(answer.get(3)).get(3)))
            if not rows:
                return
            yield rows

    def cancel(self) -> None:
        """End it on the server, if it can be reached."""
        with suppress(MageIlumError):
            self._call("CancelOperation", {}, Deadline(_CLEAN_UP_SECONDS))

    def close(self) -> None:
        """Free what the server keeps for it, if it can be reached."""
        with suppress(MageIlumError):
            self._call("CloseOperation", {}, Deadline(_CLEAN_UP_SECONDS))

    def _deadline(self) -> Deadline | None:
        seconds = self._session.query_timeout
        return None if seconds is None else Deadline(seconds)

    def _call(self, method: str, request: "dict[int, Typed]", deadline: Deadline | None) -> Struct:
        return self._session.call(method, {1: self._handle, **request}, deadline)


def _identifier(handle: object) -> Typed:
    """The part of a handle that the server knows it by."""
    identifier = fields_of(fields_of(handle).get(1))  # type: ignore[arg-type] # what is no struct is empty
    return struct({number: text(value) for number, value in identifier.items() if isinstance(value, bytes)})


def _failure(answer: Struct) -> str:
    """What went wrong, in the server's words without its stack trace; empty where nothing did."""
    status = fields_of(answer.get(1))
    if status.get(1, 0) in _SUCCESS:
        return ""
    return clean(as_text(status.get(5))) or f"The server answered with status {status.get(1)!r}."


def clean(message: str) -> str:
    """An error of Spark without the names of Java's classes before it and the stack trace behind it."""
    return _JAVA_NAMES.sub("", _STACK_TRACE.split(message, maxsplit=1)[0]).strip()
