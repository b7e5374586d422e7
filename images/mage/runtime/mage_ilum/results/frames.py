"""Results of Spark as pandas frames that Mage can store."""

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from mage_ilum.errors import ResultTooLargeError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

MAX_ROWS = 1_000_000
MAX_BYTES = 1 << 30
_SECONDS_TO_COUNT = 5.0
_ROW_OF_PARTITION = (1 << 33) - 1  # these bits of Spark's monotonically_increasing_id()


def to_pandas(df: "DataFrame", *, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> "pd.DataFrame":
    """The result of `df` as a pandas frame, ready to return from a block.

    It may have `max_rows` rows and take `max_bytes` bytes of memory as a frame (1 GiB unless set: Mage needs the same
    again to store it, and its pod has 4 GiB), as estimated from the Arrow data while that arrives. Whatever is larger
    raises `ResultTooLargeError`, which says how large, before memory is gone; the query is stopped on the server.

    Columns are those of `df.toPandas()`, the same on every Spark line: a TIMESTAMP is `datetime64[ns]` in the session's
    time zone (`[us]` where a year is before 1678 or after 2261), integers with NULL are float64, booleans with NULL,
    DATE and DECIMAL are objects, a STRUCT is a dict, an ARRAY a numpy array. `attrs` is empty, so that Mage can write
    the frame as parquet. Raises `UsageError` for a type that pandas has no form for, such as year-month intervals.

    >>> with spark_session() as spark:
    ...     to_pandas(spark.range(3), max_rows=1000).id.tolist()
    [0, 1, 2]
    """
    from mage_ilum.results.columns import Columns, check_types
    from mage_ilum.results.frame_size import pandas_bytes
    from mage_ilum.results.stream import check_frame

    check_frame(df, "to_pandas")
    columns, schema, rows, size = Columns(), None, 0, 0
    with closing(_stream(df, max_rows)) as stream:
        for part in stream:
            if hasattr(part, "num_rows"):
                rows += part.num_rows
                size += pandas_bytes(part) if part.num_rows else 0
                if rows > max_rows or size > max_bytes:
                    break
                columns.add(part)
            else:
                schema = part
                check_types(schema)
    if rows > max_rows or size > max_bytes:
        raise _too_large(df, rows, size, max_rows, max_bytes)
    return columns.to_pandas(schema or df.schema)


def _stream(df: "DataFrame", max_rows: int) -> "Generator[StructType | pa.Table, None, None]":
    """The parts of the result, up to a few rows more than are allowed."""
    from pyspark.errors import AnalysisException

    from mage_ilum.results.stream import result_stream

    try:
        yield from result_stream(_capped(df, max_rows))
    except AnalysisException:  # before the first row
        # A server that is not Apache Spark may be unable to cap. A query that is wrong fails again, in its own words.
        yield from result_stream(df.limit(max_rows + 1))


def _capped(df: "DataFrame", max_rows: int) -> "DataFrame":
    """`df` with few rows more than are allowed in each partition; Spark stays as fast as without.

    A server has the whole answer of a partition in memory before it sends the first row, and so could run out of it
    itself. `limit()` would move all rows into one partition.
    """
    return df.where(f"(monotonically_increasing_id() & {_ROW_OF_PARTITION}) <= {max_rows}")


def _too_large(df: "DataFrame", rows: int, size: int, max_rows: int, max_bytes: int) -> ResultTooLargeError:
    from mage_ilum.results.stream import count_within

    total = count_within(df, _SECONDS_TO_COUNT)
    known = rows if total is None else max(total, rows)
    how_large = f"{'at least ' if total is None else ''}{known:,} rows, about {_amount(known * size // rows)} in pandas"
    by_rows = rows > max_rows
    limit = f"{max_rows:,} rows" if by_rows else _amount(max_bytes)
    return ResultTooLargeError(
        f"The result is too large for this block: it has {how_large}; the limit is {limit}.",
        code="too-many-rows" if by_rows else "too-many-bytes",
        why="It would all have to fit into the memory of the Mage pod.",
        fix="Filter or aggregate on Spark, keep it there with write_table(df, 'db.table'), take a part with "
        f"df.limit(...), or raise {'max_rows' if by_rows else 'max_bytes'}.",
    )


def _amount(size: float) -> str:
    """A number of bytes for people."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} GiB"
