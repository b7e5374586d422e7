"""One partition of a table: which rows belong to it, and how it is replaced alone."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from mage_ilum.errors import UsageError
from mage_ilum.query.identifiers import identifier

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Partition: TypeAlias = "Mapping[str, str | int | date]"

_OVERWRITE_MODE = "spark.sql.sources.partitionOverwriteMode"
_locks: "WeakKeyDictionary[SparkSession, threading.Lock]" = WeakKeyDictionary()
_locks_lock = threading.Lock()


def check_values(partition: Partition) -> None:
    """Raise `UsageError` for what cannot name a partition."""
    for column, value in partition.items():
        identifier(column)
        if isinstance(value, datetime) or not isinstance(value, (str, int, date)) or value == "":
            raise UsageError(
                f"The partition's value for {column!r} is {value!r}, a {type(value).__name__}.",
                code="bad-partition",
                why="A partition is named by a date, an int or a str that is not empty.",
                fix="Pass kwargs['execution_date'].date() for a partition by day.",
            )


def in_partition(df: "DataFrame", partition: Partition) -> "DataFrame":
    """`df` with the partition's columns last; a row that has another value there fails the query."""
    from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

    for column, value in partition.items():
        literal = F.lit(value)
        present = [name for name in df.columns if name.casefold() == column.casefold()]
        if present:
            # Not a filter: Spark could move that below a join, onto rows that are not in the result.
            trouble = F.raise_error(F.lit(f"write_table: a row is not of the partition {column}={value}"))
            literal = F.when(df[present[0]].eqNullSafe(literal), literal).otherwise(trouble)
        df = df.select(*[df[name] for name in df.columns if name not in present], literal.alias(column))
    return df


def check_table(session: "SparkSession", table: str, partition: Partition) -> None:
    """Raise `UsageError` unless the existing table is partitioned by just these columns."""
    actual = {column.name.casefold() for column in session.catalog.listColumns(table) if column.isPartition}
    if actual != {column.casefold() for column in partition}:
        by = ", ".join(sorted(actual)) or "nothing"
        raise UsageError(
            f"{table} is partitioned by {by}, and the partition to overwrite names {', '.join(partition)}.",
            code="partition-differs",
            why="Only a whole partition can be replaced without touching, or leaving behind, other rows.",
            fix=f"Name {by} in partition=..." if actual else "Create the table anew with write_table, partitioned.",
        )


@contextmanager
def overwriting(session: "SparkSession", *, one_partition: bool) -> Iterator[None]:
    """Meanwhile, an overwrite in this session replaces the partitions that it writes, or else the whole table.

    It is a setting of the session, hence one thread at a time: taken for the other's, it would delete rows.
    """
    with _locks_lock:
        lock = _locks.setdefault(session, threading.Lock())
    with lock:
        before = session.conf.get(_OVERWRITE_MODE)
        session.conf.set(_OVERWRITE_MODE, "dynamic" if one_partition else "static")
        try:
            yield
        finally:
            session.conf.set(_OVERWRITE_MODE, before or "static")


def clear(session: "SparkSession", table: str, partition: Partition) -> None:
    """Remove the partition: an overwrite with no rows writes no partition, and so would replace none."""
    from pyspark.errors import AnalysisException

    columns = [(identifier(column), value) for column, value in partition.items()]
    condition = " AND ".join(f"{column} = :v{number}" for number, (column, _) in enumerate(columns))
    values = {f"v{number}": value for number, (_, value) in enumerate(columns)}
    try:
        session.sql(f"DELETE FROM {table} WHERE {condition}", values)  # Iceberg, Delta
    except AnalysisException:
        spec = ", ".join(f"{column} = {_literal(value)}" for column, value in columns)
        session.sql(f"ALTER TABLE {table} DROP IF EXISTS PARTITION ({spec})")  # tables of files; binds no values


def _literal(value: str | int | date) -> str:
    """The value as SQL text; of a str, only ASCII letters, digits and blanks stay as they are."""
    if isinstance(value, str):
        escaped = (c if c.isascii() and (c.isalnum() or c in " _-.") else f"\\U{ord(c):08X}" for c in value)
        return f"'{''.join(escaped)}'"
    return f"DATE'{value.isoformat()}'" if isinstance(value, date) else str(value)
