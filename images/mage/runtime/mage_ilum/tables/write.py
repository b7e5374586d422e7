"""Blocks that only conduct: Spark reads, computes and writes, and Mage gets a number."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from mage_ilum.errors import UsageError
from mage_ilum.query.identifiers import identifier

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from mage_ilum.tables.partitions import Partition

Mode: TypeAlias = Literal["append", "overwrite", "error", "ignore"]


def count(df: "DataFrame") -> int:
    """The number of rows of `df`, counted on Spark; a plain `int`, which Mage can store on every Spark line.

    >>> with spark_session() as spark:
    ...     count(spark.range(1000))
    1000
    """
    from mage_ilum.results.stream import check_frame

    check_frame(df, "count")
    return int(df.count())


def write_table(df: "DataFrame", table: str, *, mode: Mode = "error", partition: "Partition | None" = None) -> int:
    """Write `df` into `table` (`table`, `db.table` or `catalog.db.table`) on Spark; gives the number of rows written.

    `mode` is what happens where the table exists: `append` to it, `overwrite` its rows, raise an `error`, or `ignore`
    the frame and give 0. A table that does not exist is created. An existing one keeps its definition: columns are
    matched by name, and must be the same.

    `partition`, such as `{"event_date": date(2026, 1, 31)}`, says which one partition the rows are: a column that
    `df` lacks is added, a row with another value fails the write. With `overwrite` that partition alone is replaced,
    also by no rows, so that a second run gives the same table; it must name all partition columns.

    Rows are counted as they are written; with PySpark 3.5, which cannot, the executors keep the result meanwhile.
    Raises `UsageError` before anything is written, else what Spark raises.

    >>> with spark_session() as spark:
    ...     orders = spark.range(3).withColumnRenamed("id", "order_id")
    ...     write_table(orders, "docs.orders", mode="overwrite", partition={"event_date": date(2026, 1, 31)})
    3
    """
    from mage_ilum.results.stream import check_frame
    from mage_ilum.tables import partitions
    from mage_ilum.tables.row_count import counted

    check_frame(df, "write_table")
    name, parts = identifier(table), partition or {}
    partitions.check_values(parts)
    if mode not in get_args(Mode):
        raise UsageError(f"There is no mode {mode!r}.", code="bad-mode", fix=f"Pass one of {get_args(Mode)}.")
    session = df.sparkSession
    exists = session.catalog.tableExists(name)
    if exists and mode == "ignore":
        return 0
    if exists and mode == "error":
        raise UsageError(
            f"The table {table} exists.", code="table-exists", fix="Pass mode='append', 'overwrite' or 'ignore'."
        )
    df = partitions.in_partition(df, parts)
    if exists:
        df = _in_order(df, session.table(name).columns, table)
    if not exists:
        with counted(df) as (frame, rows):
            frame.write.partitionBy(*parts).saveAsTable(name, mode="error")
            return rows()
    if mode == "append":
        with counted(df) as (frame, rows):
            frame.write.insertInto(name)
            return rows()
    if parts:
        partitions.check_table(session, name, parts)
    with counted(df) as (frame, rows), partitions.overwriting(session, one_partition=bool(parts)):
        frame.write.insertInto(name, overwrite=True)
        written = rows()
    if parts and not written:
        partitions.clear(session, name, parts)
    return written


def _in_order(df: "DataFrame", columns: Sequence[str], table: str) -> "DataFrame":
    """The frame's columns in the table's order, since Spark inserts by position."""
    ours = {name.casefold(): name for name in df.columns}
    theirs = {name.casefold() for name in columns}
    if ours.keys() != theirs or len(df.columns) != len(columns):
        lacks, extra = sorted(theirs - ours.keys()), sorted(ours.keys() - theirs)
        raise UsageError(
            f"The frame does not have the columns of {table}: {', '.join(columns)}.",
            code="columns-differ",
            why=f"It lacks {', '.join(lacks) or 'none'}; it has {', '.join(extra) or 'none'} beside them.",
            fix="Select the table's columns, or change the table with ALTER TABLE.",
        )
    return df.select(*[df[ours[name.casefold()]] for name in columns])
