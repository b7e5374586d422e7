"""Finds what lives on Spark in what a block returns, and says what to return instead."""

import sys
from collections.abc import Iterable, Mapping, Sequence
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


def refuse(
    block: str, variables: Mapping[str, object], *, classic_is_stored: bool = False, fine: Sequence[object] = ()
) -> list[object]:
    """Raise `ReturnedSparkValueError` for the first of a block's variables that holds something of Spark's.

    With `classic_is_stored` a DataFrame of a local Spark session passes: Mage writes and reads those itself.
    Returns the values that hold nothing of Spark's; those of `fine` are not looked at again.
    """
    if "pyspark" not in sys.modules:
        return []
    known: list[object] = []
    holds: dict[type, bool] = {}
    for variable, value in variables.items():
        if any(value is one for one in fine):
            continue
        found = _find(value, holds, _DEPTH)
        if found is None:
            known.append(value)
            continue
        handle, keys = found
        if classic_is_stored and not keys and type(handle).__module__ == "pyspark.sql.dataframe":
            continue
        where = variable + "".join(f"[{key!r}]" for key in reversed(keys))
        raise ReturnedSparkValueError(
            f"The block {block!r} returns {_named(handle)}: {where}.",
            code="returned-spark-value",
            why="It is a handle to data on the cluster; Mage would have to store the data itself for the next block.",
            fix="Return the rows with `return to_pandas(df)`, or leave them on Spark with "
            '`write_table(df, "db.table")` and return the name of the table. Both are in mage_ilum.',
        )
    return known


def _find(value: object, holds: dict[type, bool], depth: int) -> tuple[object, list[object]] | None:
    """Something of Spark's, and the keys that lead to it, the last first.

    A block may return millions of values, nearly all of a few types: each of these is looked at once, and `holds` says
    whether it holds others.
    """
    if type(value) not in holds and _kind(type(value)) is not None:
        return value, []
    if isinstance(value, Mapping):
        inner: Iterable[tuple[object, object]] = value.items()
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = enumerate(value)
    else:
        holds[type(value)] = False
        return None
    holds[type(value)] = True
    if depth == 0:
        return None
    for key, part in inner:
        if holds.get(type(part)) is False:
            continue
        found = _find(part, holds, depth - 1)
        if found is not None:
            found[1].append(key)
            return found
    return None


def _named(handle: object) -> str:
    kind = _kind(type(handle)) or ""
    return "a streaming Spark DataFrame" if kind == _KINDS["DataFrame"] and _is_streaming(handle) else kind


def _kind(of: type) -> str | None:
    """What of Spark's this is, by name: `isinstance` would import PySpark, and Connect's classes are others."""
    for base in of.__mro__:
        if base.__module__.startswith("pyspark.pandas"):
            return _PANDAS_ON_SPARK
        if base.__module__.startswith("pyspark.") and base.__name__ in _KINDS:
            return _KINDS[base.__name__]
    return None


def _is_streaming(frame: object) -> bool:
    """Whether a DataFrame is a stream, as its server says; most are asked after their session has ended."""
    with suppress(Exception):
        return getattr(frame, "isStreaming", False) is True
    return False
