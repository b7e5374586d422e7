"""Arrow columns as pandas columns: as PySpark makes them, the same on every Spark line, one after the other."""

import re
from typing import TYPE_CHECKING

from mage_ilum.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyspark.sql.types import StructField, StructType

_ENOUGH = 8 * 1024 * 1024
_SAMPLE = 10_000
_NOT_IN_PYARROW = re.compile(r"\binterval (year|month)\b")


class Columns:
    """Takes tables as they come; holds each column in memory of its own, so that it can be freed alone.

    A table from the network is one buffer for all columns: the last column would keep it all.
    """

    def __init__(self) -> None:
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._compact: list[pa.Table] = []
        self._rows = 0  # a table without columns forgets them

    def add(self, table: "pa.Table") -> None:
        """Take the next rows."""
        self._rows += table.num_rows
        # An empty nested column of Spark 3.5 lacks buffers that PyArrow relies on: it would crash.
        self._waiting.append(table if table.num_rows else table.schema.empty_table())
        self._waiting_bytes += self._waiting[-1].nbytes
        if self._waiting_bytes >= _ENOUGH:
            self._settle()

    def to_pandas(self, schema: "StructType") -> "pd.DataFrame":
        """All rows as a frame; what was taken is given up column by column, and this is empty afterwards."""
        import pandas as pd
        import pyarrow as pa

        self._settle()
        columns = pa.concat_tables(self._compact).columns
        self._compact.clear()
        made: dict[int, pd.Series] = {}
        for number, field in enumerate(schema.fields):
            made[number] = _column(columns[number], field)
            columns[number] = None
            pa.default_memory_pool().release_unused()
        frame = pd.DataFrame(made, index=pd.RangeIndex(self._rows), copy=False)
        frame.columns = pd.Index(schema.names)  # names may be there twice
        return frame

    def _settle(self) -> None:
        """Copy what waits into one piece of memory for each column."""
        import pyarrow as pa

        if self._waiting:
            self._compact.append(pa.concat_tables(self._waiting).combine_chunks())
            self._waiting.clear()
            self._waiting_bytes = 0


def _column(column: "pa.ChunkedArray", field: "StructField") -> "pd.Series":
    import pyarrow as pa
    from pyspark.sql.pandas.types import _create_converter_to_pandas

    try:
        if pa.types.is_timestamp(column.type):
            return _timestamps(column)
        series = column.to_pandas(coerce_temporal_nanoseconds=True, deduplicate_objects=_repeats(column))
    except pa.ArrowException as error:
        raise _no_form(field, str(error)) from None
    convert = _create_converter_to_pandas(
        field.dataType,
        field.nullable,
        timezone=_time_zone(column.type),
        struct_in_pandas="dict",
        error_on_duplicated_field_names=True,
    )
    return convert(series)


def _repeats(column: "pa.ChunkedArray") -> bool:
    """Whether equal values should be one object; PyArrow's table of what it saw costs more memory than unique texts."""
    import pyarrow as pa

    sample = column.slice(0, _SAMPLE)
    return not pa.types.is_string(column.type) or 2 * len(sample.unique()) < len(sample)


def check_types(schema: "StructType") -> None:
    """Raise `UsageError` where PyArrow cannot even look at a column."""
    for field in schema.fields:
        if _NOT_IN_PYARROW.search(field.dataType.simpleString()):
            raise _no_form(field, "PyArrow has no values for it.")


def _no_form(field: "StructField", why: str) -> UsageError:
    return UsageError(
        f"pandas has no form for the column {field.name!r}, of type {field.dataType.simpleString()}.",
        code="no-pandas-type",
        why=why,
        fix=f"Cast it on Spark first: df.withColumn({field.name!r}, df[{field.name!r}].cast('string')).",
    )


def _timestamps(column: "pa.ChunkedArray") -> "pd.Series":
    """Times of the session's time zone, without a zone; microseconds where a year is out of nanoseconds' reach."""
    import pyarrow as pa

    try:
        series = column.to_pandas(coerce_temporal_nanoseconds=True)
    except pa.ArrowInvalid:
        series = column.to_pandas()
    return series.dt.tz_localize(None) if column.type.tz else series


def _time_zone(kind: "pa.DataType") -> str | None:
    """The session's time zone, which the server writes into the type of every timestamp."""
    if getattr(kind, "tz", None):
        return str(kind.tz)
    parts = (kind.field(number).type for number in range(kind.num_fields))
    return next((zone for zone in map(_time_zone, parts) if zone), None)
