"""Finds what lives on Spark in what a block returns, and says what to return instead."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress

from mage_ilum.errors import MageIlumError

_DEPTH = 8  # Mage stores JSON; nobody nests deeper by intent

# A class of PySpark's, or of which another inherits: what it is.
_KINDS = {
    "DataFrame": "a Spark DataFrame",
    "GroupedData": "a grouped Spark DataFrame, without an aggregation",
    "Column": "a Spark column, not its values",
    "DataFrameReader": "a Spark reader",
    "DataFrameWriter": "a Spark writer that has not written",
    "DataFrameWriterV2": "a Spark writer that has not written",
    "DataStreamReader": "a Spark stream's reader",
    "DataStreamWriter": "a Spark stream's writer that has not started",
    "StreamingQuery": "a running Spark stream",
    "SparkSession": "a Spark session",
    "RDD": "a Spark RDD",
}
_PANDAS_ON_SPARK = "pandas on Spark, whose rows are on the cluster"


class ReturnedSparkValueError(MageIlumError, TypeError):
    """A block returned something that is only a handle to Spark, and that Mage cannot store.

    >>> from mage_ilum import spark_session
    >>> with spark_session() as spark:
    ...     try:
    ...         refuse("load", {"output_0": spark.range(3)})
    ...     except ReturnedSparkValueError as error:
    ...         print(error.what)
    The block 'load' returns a Spark DataFrame: output_0.
    """


def refuse(block: str, variables: Mapping[str, object], *, classic_is_stored: bool = False) -> None:
    """Raise `ReturnedSparkValueError` for the first of a block's variables that holds something of Spark's.

    With `classic_is_stored` a DataFrame of a local Spark session passes: Mage writes and reads those itself.
    """
    if "pyspark" not in sys.modules:
        return
    for variable, value in variables.items():
        found = _find(value, variable, _DEPTH)
        if found is None:
            continue
        where, kind, module = found
        if classic_is_stored and where == variable and module == "pyspark.sql.dataframe":
            continue
        raise ReturnedSparkValueError(
            f"The block {block!r} returns {kind}: {where}.",
            code="returned-spark-value",
            why="It is a handle to data on the cluster; Mage would have to store the data itself for the next block.",
            fix="Return the rows with `return to_pandas(df)`, or leave them on Spark with "
            '`write_table(df, "db.table")` and return the name of the table. Both are in mage_ilum.',
        )


def _find(value: object, where: str, depth: int) -> tuple[str, str, str] | None:
    """Where something of Spark's is, what it is, and the module of its class."""
    kind = _kind(value)
    if kind is not None:
        return where, kind, type(value).__module__
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        inner: Iterable[tuple[object, object]] = value.items()
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = enumerate(value)
    else:
        return None
    for key, part in inner:
        found = _find(part, f"{where}[{key!r}]", depth - 1)
        if found is not None:
            return found
    return None


def _kind(value: object) -> str | None:
    """What of Spark's this is, by name: `isinstance` would import PySpark, and Connect's classes are others."""
    for base in type(value).__mro__:
        if base.__module__.startswith("pyspark.pandas"):
            return _PANDAS_ON_SPARK
        if base.__module__.startswith("pyspark.") and base.__name__ in _KINDS:
            if base.__name__ == "DataFrame" and _is_streaming(value):
                return "a streaming Spark DataFrame"
            return _KINDS[base.__name__]
    return None


def _is_streaming(frame: object) -> bool:
    """Whether a DataFrame is a stream, as its server says; most are asked after their session has ended."""
    with suppress(Exception):
        return getattr(frame, "isStreaming", False) is True
    return False
