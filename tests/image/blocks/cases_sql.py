"""What `sql` does with values: they are bound, and stay what they are."""

import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
from case import error_of, marker
from pyspark.errors import AnalysisException, PySparkException

from mage_ilum import UsageError, identifier, sql, to_pandas
from mage_ilum.sessions.block_run import current_block_run

case = marker()
HOSTILE = [
    *("'", "''", '"', "`", "\\", "\\'", "\\\\", "\\n", "\n", "\r\n", "\t", "\x00", "\x1a", "\x7f", "", " ", ";"),
    *("' OR '1'='1", "' OR 1=1 --", "'; DROP TABLE sql_cases; --", "\\'; DROP TABLE sql_cases; --", "') OR ('1'='1"),
    *("x' UNION SELECT current_user() --", "/*", "*/", "/* ' */", "--", "-- \n", "'/*'*/'", "x\\", "x\\\\'", "'\\"),
    *(":x", ":y", "':x'", "?", "{x}", "{0}", "%s", "%", "_", "$x", "${x}", "${spark.app.name}", "${env:PATH}"),
    *("${system:user.home}", "$$", "\\u0027", "\\U00000027", "\\047", "\\x27", "&#39;", "%27", "r'x'", "X'27'"),
    *(
        "NULL",
        "TRUE",
        "1",
        "1 OR 1=1",
        "DATE'2024-01-01'",
        "zażółć",
        "日本語",
        "😀",
        "\u2018",
        "\u2019",
        "\u02bc",
        "\uff07",
        "\u202e",
        "\ufeff",
    ),
    *("a\u0301", "\U0010ffff", "x" * 100_000, "'" * 1001, "\\" * 1001),
]


def one(query, **values):
    """The first row, as Python values."""
    return tuple(sql(query, **values).collect()[0])


def refused(code, query, **values):
    error = error_of(UsageError, sql, query, **values)
    assert error.code == code, error
    return str(error)


@case
def hostile_text_stays_a_value(spark):
    values = {f"x{number}": text for number, text in enumerate(HOSTILE)}
    assert one("SELECT " + ", ".join(f":{name}" for name in values), **values) == tuple(HOSTILE)
    assert one("SELECT " + ", ".join(f"length(:{name})" for name in values), **values) == tuple(map(len, HOSTILE))
    for text in HOSTILE[:12]:
        assert one("SELECT ':x', :x -- :x", x=text) == (":x", text)


@case
def hostile_text_in_a_list_stays_a_value(spark):
    texts = pd.DataFrame({"text": HOSTILE})
    spark.createDataFrame(texts).createOrReplaceTempView("sql_hostile")
    assert sql("SELECT text FROM sql_hostile WHERE text IN (:texts)", texts=HOSTILE).count() == len(HOSTILE)


@case
def hostile_text_finds_nothing_that_is_not_equal(spark):
    values = {f"x{number}": text for number, text in enumerate(HOSTILE)}
    condition = " OR ".join(f"s = :{name} OR s IN (:many_{name})" for name in values)
    many = {f"many_{name}": [text, text] for name, text in values.items()}
    assert sql(f"SELECT * FROM VALUES ('a'), ('b') AS t(s) WHERE {condition}", **values, **many).collect() == []


@case
def a_table_survives(spark):
    spark.sql("DROP TABLE IF EXISTS sql_cases")
    sql("CREATE TABLE sql_cases USING parquet AS SELECT 'a' AS s")
    sql("INSERT INTO sql_cases SELECT explode(array(:texts))", texts=HOSTILE)
    sql("INSERT INTO sql_cases SELECT :x", x="'); DROP TABLE sql_cases; --")
    assert {row.s for row in spark.table("sql_cases").collect()} == {"a", "'); DROP TABLE sql_cases; --", *HOSTILE}
    spark.sql("DROP TABLE sql_cases")


@case
def a_colon_in_text_or_comment_is_no_placeholder(spark):
    query = """SELECT ':x', ":x", 'it\\'s :x', 'it''s' || ':x', r'\\:x', :x AS `:x` -- :x it's
        /* :x ' /* nested :x */ :x */ , cast('1' AS int), named_struct('x', 1)"""
    assert one(query, x=5)[5] == 5
    assert sql(query, x=5).columns[5] == ":x"


@case
def numbers_keep_their_type_and_value(spark):
    numbers = (0, -1, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, -(2**63), True, False, 1.5, -0.0, 1e308, 5e-324)
    got = one("SELECT :many", many=numbers)
    assert [(type(number), number) for number in got] == [(type(number), number) for number in numbers]
    assert one("SELECT :x, :y", x=math.inf, y=-math.inf) == (math.inf, -math.inf)
    assert math.isnan(one("SELECT :x", x=math.nan)[0])


@case
def decimals_keep_every_digit(spark):
    texts = ("0", "1.50", "-1.5", "12345678901234567890123456789012345678", "0.12345678901234567890123456789012345678")
    assert one("SELECT :many", many=list(map(Decimal, texts))) == tuple(map(Decimal, texts))
    assert one("SELECT :x", x=Decimal("1E+5"))[0] == 100_000
    assert one("SELECT 0.1BD + 0.2BD = :x", x=Decimal("0.3")) == (True,)


@case
def dates_are_dates(spark):
    days = (date(2024, 2, 29), date(1, 1, 1), date(9999, 12, 31), date(1582, 10, 4))
    assert one("SELECT typeof(:day), :days", day=days[0], days=days) == ("date", *days)


@case
def an_aware_time_is_an_instant(spark):
    value = datetime(2024, 1, 31, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert one("SELECT :x = timestamp'2024-01-31 06:30:00.000005Z', typeof(:x)", x=value) == (True, "timestamp")
    assert one("SELECT 1 WHERE timestamp'2024-01-31 06:30:00.000005Z' IN (:x)", x=[value]) == (1,)


@case
def a_naive_time_is_one_of_the_sessions_zone(spark):
    zone = "spark.sql.session.timeZone"
    before = spark.conf.get(zone)
    spark.conf.set(zone, "Asia/Tokyo")
    try:
        value = datetime(2024, 1, 31, 12, 0, 0, 5)
        assert one("SELECT :x = timestamp'2024-01-31 12:00:00.000005', typeof(:x)", x=value) == (True, "timestamp")
        assert one("SELECT :x = timestamp'2024-01-31 03:00:00.000005Z'", x=value) == (True,)
        # What came from to_pandas goes back as the same instant.
        again = to_pandas(spark.sql("SELECT timestamp'2024-01-31 03:00:00Z' AS t")).t[0]
        assert one("SELECT :x = timestamp'2024-01-31 03:00:00Z'", x=again) == (True,)
        assert one("SELECT 1 WHERE timestamp'2024-01-31 03:00:00Z' IN (:x)", x=[again]) == (1,)
    finally:
        spark.conf.set(zone, before)


@case
def a_list_fills_in(spark):
    days = [date(2024, 1, 30), date(2024, 2, 1)]
    found = sql("SELECT date_add(date'2024-01-30', cast(id AS int)) AS day FROM range(4)").where("1 = 1")
    found.createOrReplaceTempView("sql_days")
    assert sql("SELECT * FROM sql_days WHERE day IN (:days)", days=days).count() == 2
    assert sql("SELECT * FROM sql_days WHERE day NOT IN (:days)", days=tuple(days)).count() == 2
    assert sql("SELECT * FROM sql_days WHERE day IN (:days)", days=set(days)).count() == 2
    assert sql("SELECT * FROM sql_days WHERE day IN (:days) AND 1 IN (:n)", days=days, n=[1]).count() == 2
    assert one("SELECT array_contains(array(:n), 2), :n", n=[1, 2]) == (True, 1, 2)


@case
def an_empty_list_matches_nothing(spark):
    for empty in ([], (), set()):
        assert sql("SELECT * FROM range(3) WHERE id IN (:ids)", ids=empty).count() == 0
        assert sql("SELECT * FROM range(3) WHERE id NOT IN (:ids)", ids=empty).count() == 3


@case
def none_is_null(spark):
    assert one("SELECT :x, :x IS NULL, coalesce(:x, 'y')", x=None) == (None, True, "y")
    assert sql("SELECT * FROM range(3) WHERE id = :x", x=None).count() == 0
    assert sql("SELECT * FROM range(3) WHERE id IN (:ids)", ids=[1, None]).count() == 1


@case
def numpys_scalars_are_plain_numbers(spark):
    frame = pd.DataFrame({"i": [7], "f": [1.5], "b": [True], "t": pd.to_datetime(["2024-01-31"])})
    assert one("SELECT :i, :f, :b, cast(:t AS string)", **{name: frame[name][0] for name in frame}) == (
        *(7, 1.5, True),
        "2024-01-31 00:00:00",
    )
    assert one("SELECT :x, :y", x=np.str_("s"), y=np.int8(3)) == ("s", 3)


@case
def what_has_no_value_or_no_place_is_named(spark):
    assert ":day, :hour" in refused("missing-value", "SELECT :day, :hour")
    assert ":dya" in refused("unused-value", "SELECT 1", dya=1)
    assert "quotes" in refused("unused-value", "SELECT ':day'", day=1)
    for value in (pd.NaT, pd.NA, np.datetime64("2024-01-31", "ns"), b"x", object(), [[1]], "\ud800", 2**63):
        assert ":x" in refused("bad-value", "SELECT :x", x=value)


@case
def a_value_is_no_name(spark):
    for value in ("range(3)", "`range`"):
        error_of(PySparkException, lambda text: sql("SELECT * FROM :t", t=text).collect(), value)


@case
def an_identifier_is_a_name(spark):
    spark.range(3).createOrReplaceTempView("sql_names")
    assert sql(f"SELECT {identifier('id')} FROM {identifier('sql_names')} WHERE id < :n", n=2).count() == 2
    missing = error_of(AnalysisException, lambda: sql(f"SELECT * FROM {identifier('no-such.table_1')}").collect())
    assert "`no-such`.`table_1`" in str(missing)


@case
def a_command_runs_once(spark):
    sql("CREATE OR REPLACE TEMPORARY VIEW sql_view AS SELECT 1 AS x")
    assert sql("SELECT x FROM sql_view").collect()[0].x == 1
    spark.sql("DROP TABLE IF EXISTS sql_once")
    sql("CREATE TABLE sql_once (x INT) USING parquet")
    sql("INSERT INTO sql_once SELECT :x", x=1)
    assert spark.table("sql_once").count() == 1
    spark.sql("DROP TABLE sql_once")


@case
def queries_are_tagged_with_the_names_that_mage_has(spark):
    assert current_block_run().tags == ("mage.pipeline=cases", "mage.block=sql")
