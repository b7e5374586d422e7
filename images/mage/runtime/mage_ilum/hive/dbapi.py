"""Python's DB-API 2.0 (PEP 249) over HiveServer2: what the SQLAlchemy dialect stands on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from mage_ilum.errors import MageIlumError
from mage_ilum.hive.address import SqlAddress
from mage_ilum.hive.columns import Column
from mage_ilum.hive.literals import literal
from mage_ilum.hive.session import HiveSession, QueryError

apilevel = "2.0"
threadsafety = 1  # threads may share the module, not connections
paramstyle = "pyformat"

Parameters = Mapping[str, object] | Sequence[object]
Row = tuple[object, ...]


class Result(Protocol):
    """A statement that has run, and its rows."""

    def columns(self) -> list[Column]:
        """The columns; none where it has no result."""

    def batches(self, columns: list[Column]) -> Iterator[list[Row]]:
        """The rows, some thousands at once."""

    def close(self) -> None:
        """Free what the server keeps for it."""


class Session(Protocol):
    """A session on a server; each method raises `QueryError`."""

    database: str

    def run(self, statement: str) -> Result:
        """Run a statement to its end."""

    def close(self) -> None:
        """End it."""


class Warning(Exception):  # noqa: N818  the names are PEP 249's
    """Never raised."""


class Error(MageIlumError):
    """Anything that goes wrong with a query."""


class InterfaceError(Error):
    """A wrong use of this module."""


class DatabaseError(Error):
    """Something that has to do with the database."""


class DataError(DatabaseError):
    """Never raised."""


class OperationalError(DatabaseError):
    """A query that failed on the server, or took too long."""


class IntegrityError(DatabaseError):
    """Never raised."""


class InternalError(DatabaseError):
    """Never raised."""


class ProgrammingError(DatabaseError):
    """A statement or a parameter that cannot be sent."""


class NotSupportedError(DatabaseError):
    """Never raised."""


def connect(address: SqlAddress, *, timeout: float, query_timeout: float | None = None) -> "Connection":
    """Open a session; raises `ConnectionProblem`. `timeout` and `query_timeout` as in `sql_engine`."""
    return Connection(HiveSession(address, timeout=timeout, query_timeout=query_timeout))


class Connection:
    """A session. HiveServer2 has no transactions: what a statement did stays done."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def database(self) -> str:
        """The database that names without one belong to."""
        return self._session.database

    def cursor(self) -> "Cursor":
        """A cursor for one statement at a time."""
        return Cursor(self._session)

    def commit(self) -> None:
        """Nothing is left to do."""

    def rollback(self) -> None:
        """Nothing can be undone."""

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Cursor:
    """Runs statements and hands out their rows."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, session: Session) -> None:
        self._session = session
        self._query: Result | None = None
        self._columns: list[Column] = []
        self._rows: Iterator[Row] = iter(())

    @property
    def description(self) -> "list[tuple[str, str, None, None, int | None, int | None, bool]] | None":
        """Name, type, precision and scale of each column; None where there is no result."""
        if not self._columns:
            return None
        return [(it.name, it.type_name, None, None, it.precision, it.scale, True) for it in self._columns]

    def execute(self, operation: str, parameters: Parameters | None = None) -> None:
        """Run a statement; `%(name)s` and `%s` in it stand for parameters where there are any."""
        self._forget()
        statement = bound(operation, parameters)
        try:
            self._query = self._session.run(statement)
            self._columns = self._query.columns()
        except QueryError as error:
            raise _failed(error) from None
        self._rows = self._fetched(self._query) if self._columns else iter(())

    def executemany(self, operation: str, sets: Iterable[Parameters]) -> None:
        """Run a statement once for each set of parameters."""
        for parameters in sets:
            self.execute(operation, parameters)

    def fetchone(self) -> Row | None:
        """The next row, or None after the last."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows, at most so many."""
        return list(islice(self._rows, size or self.arraysize))

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def setinputsizes(self, sizes: object) -> None:
        """Nothing to prepare."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Nothing to prepare."""

    def close(self) -> None:
        """Free what the server keeps for the statement."""
        self._forget()

    def _fetched(self, query: Result) -> Iterator[Row]:
        try:
            for rows in query.batches(self._columns):
                yield from rows
        except QueryError as error:
            raise _failed(error) from None

    def _forget(self) -> None:
        query, self._query = self._query, None
        self._columns, self._rows = [], iter(())
        if query is not None:
            query.close()


def bound(operation: str, parameters: Parameters | None) -> str:
    """The statement with its parameters as literals.

    With `None` or `()` for them, a `%` in it is a `%`; with any others, an empty mapping too, `%%` stands for it.
    """
    if parameters is None or parameters == ():
        return operation
    try:
        if isinstance(parameters, Mapping):
            return operation % {name: literal(value) for name, value in parameters.items()}
        return operation % tuple(map(literal, parameters))
    except (TypeError, ValueError, KeyError) as error:
        raise ProgrammingError(
            f"The parameters do not fit the statement: {error}.",
            code="parameters",
            fix="Bind text, numbers, booleans, dates, datetimes, decimals, bytes, None, or lists of them.",
        ) from None


def _failed(error: QueryError) -> OperationalError:
    return OperationalError(error.what, code=error.code, why=error.why, fix=error.fix)
