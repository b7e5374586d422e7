"""A session and its queries by JDBC, in the shape of those in `mage_ilum.hive.session`."""

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from mage_ilum.hive.columns import TYPES, Column, from_text
from mage_ilum.hive.session import QueryError, clean, too_slow
from mage_ilum.jdbc.machine import Manager
from mage_ilum.jdbc.types import Description, JavaConnection, ResultSet, Statement

_ROWS_AT_ONCE = 10_000
_KINDS = {name: kind for kind, name in TYPES.items()}
# Which of a result's getters gives a type as Python's own; all others come as text.
_GETTERS = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), ("getLong", int)),
    **dict.fromkeys(("float", "double"), ("getDouble", float)),
    "boolean": ("getBoolean", bool),
    "binary": ("getObject", bytes),
}


def message_of(error: Exception) -> str:
    """What an exception of the driver says, without Java's names and without a password of its address."""
    text = str(error.getMessage() if hasattr(error, "getMessage") else error)
    return clean(re.sub(r"(password=)[^;?#&\s]*", r"\1***", text, flags=re.IGNORECASE))


def query_error(text: str, *, timed_out: bool, seconds: float, limit: float | None) -> QueryError:
    """What an exception of the driver means: its `text`, which it threw after this many seconds under this limit.

    `timed_out` is for Java's own class for it. What a socket says of it is believed once the limit is over: any other
    error may speak of a time-out too.

    >>> query_error("session_timeout cannot be resolved", timed_out=False, seconds=0.1, limit=60).what
    'session_timeout cannot be resolved'
    """
    if limit is None:
        return QueryError(text, code="query-timeout" if timed_out else "query-failed")  # the server has its own limit
    if timed_out or (seconds >= limit and re.search(r"timed? ?out", text, re.IGNORECASE)):
        return too_slow(limit)
    return QueryError(text, code="query-failed")


class JdbcSession:
    """A session; `query_timeout` is in seconds, `None` is no limit."""

    def __init__(
        self, connection: JavaConnection, manager: Manager, database: str, query_timeout: float | None
    ) -> None:
        self.database = database
        self._connection = connection
        self._manager = manager
        self._query_timeout = query_timeout

    def run(self, statement: str) -> "JdbcQuery":
        """Run a statement to its end; raises `QueryError`."""
        seconds = self._query_timeout
        begin = time.monotonic()
        java = self._connection.createStatement()
        try:
            if seconds is not None:
                java.setQueryTimeout(max(1, math.ceil(seconds)))
            has_result = bool(java.execute(statement))
        except BaseException as error:
            with suppress(Exception):
                java.close()
            raise self._explained(error, begin) from None
        return JdbcQuery(java, java.getResultSet() if has_result else None, self._explained)

    def close(self) -> None:
        """End the session, whatever its state."""
        with suppress(self._manager.exception):
            self._connection.close()

    def _explained(self, error: BaseException, begin: float) -> BaseException:
        """`QueryError` for what the driver threw; anything else, such as a stop, stays what it is."""
        if not isinstance(error, self._manager.exception):
            return error
        return query_error(
            message_of(error),
            timed_out=isinstance(error, self._manager.timeout),
            seconds=time.monotonic() - begin,
            limit=self._query_timeout,
        )


class JdbcQuery:
    """A statement that has run, and its result."""

    def __init__(
        self, statement: Statement, result: ResultSet | None, explained: Callable[[BaseException, float], BaseException]
    ) -> None:
        self._statement = statement
        self._result = result
        self._explained = explained

    def columns(self) -> list[Column]:
        """The columns of the result; none where it has no result."""
        if self._result is None:
            return []
        described = self._result.getMetaData()
        return [_column(described, number) for number in range(1, described.getColumnCount() + 1)]

    def batches(self, columns: list[Column]) -> Iterator[list[tuple[object, ...]]]:
        """The rows, some thousands at once."""
        result = self._result
        if result is None:
            return
        readers = [_reader(result, number, column) for number, column in enumerate(columns, 1)]
        rows: list[tuple[object, ...]] = []
        begin = time.monotonic()
        try:
            while result.next():
                rows.append(tuple(read() for read in readers))
                if len(rows) == _ROWS_AT_ONCE:
                    yield rows
                    rows, begin = [], time.monotonic()
        except Exception as error:
            raise self._explained(error, begin) from None
        if rows:
            yield rows

    def close(self) -> None:
        """Free what the server keeps for it."""
        with suppress(Exception):
            self._statement.close()


def _column(described: Description, number: int) -> Column:
    kind = _KINDS.get(str(described.getColumnTypeName(number)).lower(), _KINDS["string"])
    precise = kind == _KINDS["decimal"]
    return Column(
        name=str(described.getColumnLabel(number)),
        kind=kind,
        precision=int(described.getPrecision(number)) if precise else None,
        scale=int(described.getScale(number)) if precise else None,
    )


def _reader(result: ResultSet, number: int, column: Column) -> Callable[[], object]:
    """What reads one column of the current row."""
    name, convert = _GETTERS.get(column.type_name, ("getString", lambda text: from_text(column, str(text))))
    get = getattr(result, name)

    def read() -> object:
        value = get(number)
        return None if value is None or result.wasNull() else convert(value)

    return read
