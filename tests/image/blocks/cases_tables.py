"""What `write_table` leaves behind, and what it counts."""

from datetime import date, datetime

from case import error_of, marker
from pyspark.errors import PySparkException
from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

from mage_ilum import UsageError, count, write_table

case = marker()
MONDAY, TUESDAY = date(2024, 1, 29), date(2024, 1, 30)
_OVERWRITE_MODE = "spark.sql.sources.partitionOverwriteMode"


def fresh(spark, name):
    """A table's name in a database of ours, with no table of that name."""
    spark.sql("CREATE DATABASE IF NOT EXISTS table_cases")
    spark.sql(f"DROP TABLE IF EXISTS table_cases.{name}")
    return f"table_cases.{name}"


def numbers(spark, rows, text="x"):
    return spark.range(rows).select("id", F.lit(text).alias("text"))


def content(spark, table):
    return sorted(tuple(row) for row in spark.table(table).collect())


def refused(code, df, table, **options):
    error = error_of(UsageError, write_table, df, table, **options)
    assert error.code == code, error
    return str(error)


@case
def the_number_of_rows_is_an_int(spark):
    for number in (count(spark.range(5)), write_table(numbers(spark, 5), fresh(spark, "ints"))):
        assert (type(number), number) == (int, 5)


@case
def a_frame_without_rows_makes_an_empty_table(spark):
    table = fresh(spark, "empty")
    assert write_table(numbers(spark, 0), table) == 0
    assert write_table(numbers(spark, 5).where("id > 9"), table, mode="append") == 0
    assert write_table(numbers(spark, 5).where("1 = 0"), table, mode="overwrite") == 0
    assert spark.table(table).columns == ["id", "text"]


@case
def append_adds(spark):
    table = fresh(spark, "appended")
    assert [write_table(numbers(spark, rows), table, mode="append") for rows in (2, 3)] == [2, 3]
    assert spark.table(table).count() == 5


@case
def overwrite_replaces_all_rows_and_keeps_the_table(spark):
    table = fresh(spark, "overwritten")
    spark.sql(f"CREATE TABLE {table} (id BIGINT, text STRING COMMENT 'kept') USING parquet PARTITIONED BY (text)")
    write_table(numbers(spark, 9, "old"), table, mode="overwrite")
    for _ in range(2):
        assert write_table(numbers(spark, 2, "new"), table, mode="overwrite") == 2
        assert content(spark, table) == [(0, "new"), (1, "new")]
    assert any("kept" in str(row) for row in spark.sql(f"DESCRIBE {table}").collect())


@case
def error_and_ignore_leave_the_table_alone(spark):
    table = fresh(spark, "alone")
    write_table(numbers(spark, 2), table)
    assert "mode='append'" in refused("table-exists", numbers(spark, 3), table)
    assert write_table(numbers(spark, 3), table, mode="ignore") == 0
    assert spark.table(table).count() == 2


@case
def a_partition_is_replaced_alone_and_twice_is_as_once(spark):
    table = fresh(spark, "days")
    assert write_table(numbers(spark, 3, "a"), table, mode="overwrite", partition={"day": MONDAY}) == 3
    for _ in range(2):
        assert write_table(numbers(spark, 2, "b"), table, mode="overwrite", partition={"day": TUESDAY}) == 2
    expected = [(0, "a", MONDAY), (0, "b", TUESDAY), (1, "a", MONDAY), (1, "b", TUESDAY), (2, "a", MONDAY)]
    assert content(spark, table) == expected
    assert [c.name for c in spark.catalog.listColumns(table) if c.isPartition] == ["day"]


@case
def a_partition_is_replaced_by_no_rows_too(spark):
    table = fresh(spark, "emptied")
    for day in (MONDAY, TUESDAY):
        write_table(numbers(spark, 2), table, mode="overwrite", partition={"day": day})
    for nothing in (numbers(spark, 5).where("id > 9"), numbers(spark, 5).where("1 = 0")):
        assert write_table(nothing, table, mode="overwrite", partition={"day": TUESDAY}) == 0
    assert {row[2] for row in content(spark, table)} == {MONDAY}


@case
def a_partition_may_be_appended_to(spark):
    table = fresh(spark, "grown")
    for rows in (2, 3):
        assert write_table(numbers(spark, rows), table, mode="append", partition={"day": MONDAY}) == rows
    assert {row[2] for row in content(spark, table)} == {MONDAY}
    assert spark.table(table).count() == 5


@case
def a_partition_may_have_any_text_and_several_columns(spark):
    table = fresh(spark, "cities")
    names = ["L'Aquila \\' \"100%\" a/b=c", "Łódź 東京 😀; DROP TABLE y --"]
    for name in names:
        write_table(numbers(spark, 1), table, mode="overwrite", partition={"city": name, "year": 2024})
    assert sorted(row.city for row in spark.table(table).collect()) == sorted(names)
    for name in names:
        write_table(numbers(spark, 0), table, mode="overwrite", partition={"city": name, "year": 2024})
    assert spark.table(table).count() == 0


@case
def rows_of_another_partition_fail_the_write_and_change_nothing(spark):
    table = fresh(spark, "mixed")
    good = numbers(spark, 2).withColumn("day", F.lit(MONDAY))
    assert write_table(good, table, partition={"day": MONDAY}) == 2
    assert write_table(good.select("DAY", "text", "id"), table, mode="overwrite", partition={"day": MONDAY}) == 2
    mixed = good.withColumn("day", F.when(F.col("id") == 0, F.lit(MONDAY)).otherwise(F.lit(TUESDAY)))
    before = content(spark, table)
    error = error_of(PySparkException, write_table, mixed, table, mode="overwrite", partition={"day": MONDAY})
    assert "a row is not of the partition day=2024-01-29" in str(error)
    assert content(spark, table) == before


@case
def columns_are_matched_by_name(spark):
    table = fresh(spark, "named")
    write_table(numbers(spark, 1), table)
    assert write_table(numbers(spark, 1).select("text", "ID"), table, mode="append") == 1
    assert content(spark, table) == [(0, "x"), (0, "x")]
    assert "lacks text" in refused("columns-differ", spark.range(1), table, mode="append")
    extra = numbers(spark, 1).withColumn("more", F.lit(1))
    assert "has more" in refused("columns-differ", extra, table, mode="overwrite")


@case
def a_table_that_is_partitioned_otherwise_is_refused(spark):
    table = fresh(spark, "otherwise")
    frame = numbers(spark, 1).withColumn("day", F.lit(MONDAY))
    write_table(frame, table)
    assert "by nothing" in refused("partition-differs", frame, table, mode="overwrite", partition={"day": MONDAY})
    assert spark.table(table).count() == 1


@case
def what_names_no_table_or_partition_is_refused(spark):
    frame = numbers(spark, 1)
    refused("bad-identifier", frame, "a; DROP TABLE b")
    refused("bad-mode", frame, "a", mode="replace")
    refused("no-frame", [1], "a")
    for value in (datetime(2024, 1, 29), None, 1.5, ""):
        refused("bad-partition", frame, "a", partition={"day": value})
    refused("bad-identifier", frame, "a", partition={"day`": MONDAY})


@case
def the_sessions_setting_is_as_before(spark):
    table = fresh(spark, "settings")
    before = spark.conf.get(_OVERWRITE_MODE)
    write_table(numbers(spark, 1), table, partition={"day": MONDAY})
    write_table(numbers(spark, 1), table, mode="overwrite", partition={"day": MONDAY})
    assert spark.conf.get(_OVERWRITE_MODE) == before


@case
def the_query_runs_once(spark):
    table = fresh(spark, "random")
    # A query that ran again for the count would find another number of rows.
    rows = write_table(spark.range(10_000).where(F.rand(seed=3) > 0.5), table)
    assert rows == spark.table(table).count()
