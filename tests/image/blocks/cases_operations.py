"""What blocks do with Spark, operation by operation, with PySpark alone."""

import datetime
import os
import pickle

import pandas as pd
from case import marker
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

case = marker()
URL = os.environ["ILUM_SPARK_CONNECT_URL"]
PEOPLE = pd.DataFrame({"id": [1, 2], "name": ["x", None], "born": pd.to_datetime(["2000-01-01", "2001-02-03"])})


@case
def import_connect(spark):
    from pyspark.sql.connect.session import SparkSession as Connect

    assert isinstance(spark, Connect)


@case
def builder_remote(spark):
    assert SparkSession.builder.remote(URL).getOrCreate().range(1).count() == 1


@case
def builder_with_the_guides_setting(spark):
    setting = "spark.sql.execution.arrow.pyspark.enabled"
    guides = SparkSession.builder.remote(URL).appName("guide").config(setting, "true").getOrCreate()
    assert guides.conf.get(setting) == "true"


@case
def active_session(spark):
    assert SparkSession.getActiveSession() is spark


@case
def version(spark):
    assert spark.version[0] in "34"


@case
def range_to_pandas(spark):
    assert spark.range(10).toPandas().shape == (10, 1)


@case
def collect(spark):
    assert [row.id for row in spark.range(3).collect()] == [0, 1, 2]


@case
def filter_to_pandas(spark):
    assert spark.range(10).filter("id > 5").toPandas().id.tolist() == [6, 7, 8, 9]


@case
def aggregate(spark):
    totals = spark.range(10).groupBy((F.col("id") % 2).alias("odd")).agg(F.sum("id").alias("total")).orderBy("odd")
    assert totals.toPandas().to_numpy().tolist() == [[0, 20], [1, 25]]


@case
def count(spark):
    assert spark.range(10).count() == 10


@case
def join(spark):
    assert spark.range(10).join(spark.range(5), "id").count() == 5


@case
def show(spark):
    spark.range(2).show()


@case
def schema(spark):
    assert spark.range(2).schema.simpleString() == "struct<id:bigint>"


@case
def create_from_pandas(spark):
    assert spark.createDataFrame(PEOPLE).toPandas().born.tolist() == PEOPLE.born.tolist()


@case
def create_from_rows(spark):
    assert spark.createDataFrame([(1, "a"), (2, "b")], ["number", "letter"]).collect()[1].letter == "b"


@case
def create_from_an_empty_frame(spark):
    assert spark.createDataFrame(PEOPLE[:0][["id"]], "id long").count() == 0


@case
def many_types_to_pandas(spark):
    frame = spark.sql(
        "SELECT 1 a, 'x' b, true c, date'2024-01-01' d, timestamp'2024-01-01 00:00:00' e, 1.5BD f, array(1) g, "
        "map('k', 1) h, named_struct('a', 1) i, cast(null AS int) j, interval '1' day k"
    ).toPandas()
    assert frame.shape == (1, 11)


@case
def timestamp_ntz_to_pandas(spark):
    frame = spark.sql("SELECT timestamp_ntz'2024-01-01 00:00:00' AS t").toPandas()
    assert frame.t[0] == pd.Timestamp("2024-01-01")


@case
def sql_text(spark):
    assert spark.sql("SELECT 1 AS x").collect()[0].x == 1


@case
def sql_with_named_values(spark):
    assert tuple(spark.sql("SELECT :n, :s", args={"n": 7, "s": "it's"}).collect()[0]) == (7, "it's")


@case
def sql_with_a_quoted_value(spark):
    assert spark.sql("SELECT :s AS s", args={"s": "'q'"}).collect()[0].s == "'q'"


@case
def sql_with_a_date(spark):
    day = datetime.date(2024, 1, 1)
    assert spark.sql("SELECT * FROM range(3) WHERE :day > date'2020-01-01'", args={"day": day}).count() == 3


@case
def sql_with_positional_values(spark):
    assert tuple(spark.sql("SELECT ?, ?", args=[1, "b"]).collect()[0]) == (1, "b")


@case
def sql_over_a_frame(spark):
    assert spark.sql("SELECT count(*) AS n FROM {rows}", rows=spark.range(4)).collect()[0].n == 4


@case
def temporary_view(spark):
    spark.range(4).createOrReplaceTempView("operations_view")
    assert spark.table("operations_view").count() == 4


@case
def save_as_table(spark):
    spark.sql("DROP TABLE IF EXISTS operations_table")
    spark.range(4).write.mode("overwrite").saveAsTable("operations_table")
    assert spark.table("operations_table").count() == 4
    spark.sql("DROP TABLE operations_table")


@case
def list_tables(spark):
    assert isinstance(spark.catalog.listTables(), list)


@case
def get_setting(spark):
    assert spark.conf.get("spark.sql.session.timeZone")


@case
def change_setting(spark):
    spark.conf.set("spark.sql.shuffle.partitions", "3")
    assert spark.conf.get("spark.sql.shuffle.partitions") == "3"


@case
def python_udf(spark):
    add_one = F.udf(lambda number: number + 1, "long")
    assert spark.range(3).select(add_one("id").alias("n")).toPandas().n.tolist() == [1, 2, 3]


@case
def pandas_udf(spark):
    @F.pandas_udf("long")
    def add_one(numbers: pd.Series) -> pd.Series:
        return numbers + 1

    assert spark.range(3).select(add_one("id").alias("n")).toPandas().n.tolist() == [1, 2, 3]


@case
def map_in_pandas(spark):
    assert spark.range(3).mapInPandas(lambda frames: frames, "id long").count() == 3


@case
def to_arrow(spark):
    assert spark.range(3).toArrow().num_rows == 3


@case
def unknown_column(spark):
    spark.sql("SELECT nope FROM range(3)").collect()


@case
def unknown_table(spark):
    spark.table("no_such_table").collect()


@case
def failing_row(spark):
    spark.sql("SELECT assert_true(id < 2) FROM range(3)").collect()


@case
def broken_syntax(spark):
    spark.sql("SELEC 1").collect()


@case
def pickle_a_frame(spark):
    pickle.dumps(spark.range(3))


@case
def import_pandas_on_spark(spark):
    import pyspark.pandas  # noqa: F401


@case
def pandas_on_spark(spark):
    import pyspark.pandas as ps

    assert ps.range(3).to_pandas().shape == (3, 1)


@case
def stop(spark):
    # A session of its own, or the other cases would lose theirs.
    from mage_ilum import spark_session

    with spark_session() as another:
        another.stop()
        assert another.is_stopped
    assert spark.range(1).count() == 1
