"""What `to_pandas` gives: the frame of PySpark's own toPandas(), made the same for every line, within limits."""

import datetime
import decimal
import time
from io import BytesIO

import numpy as np
import pandas as pd
from case import error_of, marker
from pyspark.errors import PySparkException

from mage_ilum import ResultTooLargeError, UsageError, count, to_pandas

case = marker()
ONE = (
    "SELECT 1Y a, 1S b, 1 c, 1L d, cast(1.5 AS float) e, 1.5D f, 'x' g, true h, date'2024-01-31' i, "
    "timestamp'2024-01-31 12:00:00' j, timestamp_ntz'2024-01-31 12:00:00' k, 1.50BD l, X'00ff' m, interval '1' day n"
)
NESTED = (
    "SELECT array(1, 2) a, array('x', null) b, map('k', date'2024-01-31') c, named_struct('n', 1, 'l', array(1)) d, "
    "array(named_struct('t', timestamp'2024-01-31 12:00:00')) e, array(1.5BD) f, map('k', map('l', 1)) g"
)
NULLS = f"SELECT * FROM ({ONE}) UNION ALL SELECT " + ", ".join(["null"] * 14)
DTYPES = (
    "int8 int16 int32 int64 float32 float64 object bool object datetime64[ns] datetime64[ns] object object "
    "timedelta64[ns]"
)
DTYPES_WITH_NULL = (
    "float64 float64 float64 float64 float32 float64 object object object datetime64[ns] datetime64[ns] object object "
    "timedelta64[ns]"
)


def dtypes(frame):
    return " ".join(map(str, frame.dtypes))


def same_as_plain(spark, query):
    """Equal to toPandas(), but for the unit of a timestamp, which is [us] in PySpark 3.5."""
    ours, plain = to_pandas(spark.sql(query)), spark.sql(query).toPandas()
    for number, dtype in enumerate(plain.dtypes):
        if dtype == "datetime64[us]":
            plain.isetitem(number, plain.iloc[:, number].astype("datetime64[ns]"))
    pd.testing.assert_frame_equal(ours, plain, check_flags=False)
    assert ours.attrs == {}
    return ours


def refused(df, **limits):
    return error_of(ResultTooLargeError, to_pandas, df, **limits)


@case
def values_are_those_of_plain_to_pandas(spark):
    assert dtypes(same_as_plain(spark, ONE)) == DTYPES


@case
def nulls_are_those_of_plain_to_pandas(spark):
    frame = same_as_plain(spark, NULLS)
    assert dtypes(frame) == DTYPES_WITH_NULL
    assert frame.h.tolist() == [True, None]
    assert frame.l[0] == decimal.Decimal("1.50")
    assert frame.i[0] == datetime.date(2024, 1, 31)


@case
def nested_values_are_those_of_plain_to_pandas(spark):
    row = same_as_plain(spark, NESTED).iloc[0]
    assert isinstance(row.a, np.ndarray)
    assert row.c == {"k": datetime.date(2024, 1, 31)}
    assert row.d["n"] == 1


@case
def a_frame_without_rows_has_its_columns_and_dtypes(spark):
    assert dtypes(same_as_plain(spark, f"SELECT * FROM ({ONE}) WHERE c = 2")) == DTYPES
    # Plain toPandas() of 3.5 crashes on these.
    nested = to_pandas(spark.sql(f"SELECT * FROM ({NESTED}) WHERE size(a) = 9"))
    assert nested.shape == (0, 7)
    assert set(dtypes(nested).split()) == {"object"}


@case
def a_frame_without_columns_has_its_rows(spark):
    frame = to_pandas(spark.range(3).select())
    assert frame.shape == (3, 0)


@case
def names_may_be_there_twice(spark):
    frame = same_as_plain(spark, "SELECT 1 AS a, 'x' AS a")
    assert frame.columns.tolist() == ["a", "a"]


@case
def times_are_those_of_the_sessions_zone(spark):
    zone = "spark.sql.session.timeZone"
    before = spark.conf.get(zone)
    spark.conf.set(zone, "Europe/Warsaw")
    try:
        frame = same_as_plain(
            spark, "SELECT timestamp'2024-01-31 12:00:00Z' t, array(timestamp'2024-07-31 12:00:00Z') l"
        )
    finally:
        spark.conf.set(zone, before)
    assert frame.t[0] == pd.Timestamp("2024-01-31 13:00")
    assert frame.l[0].tolist()[0] == pd.Timestamp("2024-07-31 14:00")


@case
def a_year_far_away_is_kept(spark):
    frame = to_pandas(spark.sql("SELECT timestamp'9999-12-31 00:00:00' a, timestamp_ntz'0001-01-01 00:00:00' b"))
    assert dtypes(frame) == "datetime64[us] datetime64[us]"
    assert (frame.a.dt.year[0], frame.b.dt.year[0]) == (9999, 1)


@case
def a_type_that_pandas_lacks_is_named_with_its_column(spark):
    for query in ("SELECT interval '1' month AS term", "SELECT array(interval '1' year) AS term"):
        error = error_of(UsageError, to_pandas, spark.sql(query))
        assert error.code == "no-pandas-type"
        assert "'term'" in error.what


@case
def rows_keep_their_order_over_many_batches(spark):
    df = spark.range(300_000).selectExpr("id", "concat('row ', id) AS text", "id * 2 AS twice").orderBy("id")
    frame = to_pandas(df)
    assert frame.id.tolist() == list(range(300_000))
    assert frame.text.iloc[-1] == "row 299999"


@case
def mage_can_store_it(spark):
    to_pandas(spark.sql(NULLS).drop("n")).to_parquet(BytesIO())


@case
def a_limit_of_rows_says_how_large_the_result_is(spark):
    error = refused(spark.range(2_000_000), max_rows=1000)
    assert error.code == "too-many-rows"
    assert "it has 2,000,000 rows, about 15.3 MiB in pandas; the limit is 1,000 rows" in error.what
    assert "write_table" in error.fix


@case
def a_limit_of_bytes_says_how_large_the_result_is(spark):
    error = refused(spark.range(20_000).selectExpr("repeat('x', 1000) AS text"), max_bytes=1 << 20)
    assert error.code == "too-many-bytes"
    assert "it has 20,000 rows" in error.what
    assert "the limit is 1 MiB" in error.what


@case
def a_limit_is_not_passed_by_one_row(spark):
    assert len(to_pandas(spark.range(1000), max_rows=1000)) == 1000
    assert "1,001 rows" in refused(spark.range(1001), max_rows=1000).what
    assert to_pandas(spark.range(0), max_rows=0).empty


@case
def the_default_limit_is_a_million_rows(spark):
    assert "1,000,001 rows" in refused(spark.range(1_000_001)).what


@case
def a_result_without_end_is_refused_and_its_query_stopped(spark):
    # All but the first of 2,000 partitions take more than an hour each, and leave others the cores.
    rows = spark.range(0, 2_000_000_000, 1, 2000)
    slow = rows.where("id < 1000000 OR reflect('java.lang.Thread', 'sleep', 5L) > ''")
    begin = time.monotonic()
    error = refused(slow, max_rows=20_000)
    assert "at least" in error.what
    assert time.monotonic() - begin < 60
    # Were it still running, this would wait for a slot.
    assert count(spark.range(10)) == 10
    assert time.monotonic() - begin < 60


@case
def a_query_that_fails_says_why(spark):
    failing = spark.sql("SELECT raise_error('of the query') AS x FROM range(3)")
    assert "of the query" in str(error_of(PySparkException, to_pandas, failing))


@case
def only_frames_are_taken(spark):
    for thing in (None, [1], pd.DataFrame(), spark.range(3).groupBy("id")):
        for function in (to_pandas, count):
            assert error_of(UsageError, function, thing).code == "no-frame"


@case
def the_memory_estimate_is_near_pandas_own(spark):
    from mage_ilum.results.frame_size import pandas_bytes
    from mage_ilum.results.stream import result_stream

    for query in (["id"], ["id / 3.0D", "concat('row ', id)"], ["date_add(date'2024-01-01', 1)", "1.5BD"]):
        parts = [part for part in result_stream(spark.range(50_000).selectExpr(*query)) if hasattr(part, "num_rows")]
        actual = to_pandas(spark.range(50_000).selectExpr(*query)).memory_usage(deep=True, index=False).sum()
        assert 0.8 < sum(map(pandas_bytes, parts)) / actual < 1.5, query
