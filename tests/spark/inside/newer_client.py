"""A client newer than its server is refused; where it is allowed, what needs settings that the server lacks works."""

import mage_ilum.hooks.start

mage_ilum.hooks.start.install()

import datetime  # noqa: E402
import os  # noqa: E402

import pandas as pd  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402  the hook comes first, as at the start of every Python in the image

from mage_ilum import IncompatibleClientError, spark_session, to_pandas  # noqa: E402


def work(spark: SparkSession) -> None:
    frame = pd.DataFrame({"n": [1, 2], "text": ["a", None], "day": [datetime.date(2026, 1, 1)] * 2})
    assert spark.createDataFrame(frame).count() == 2
    assert spark.createDataFrame([(1, {"a": 2})], "n int, m map<string,int>").collect()[0].m == {"a": 2}
    assert to_pandas(spark.createDataFrame(frame).selectExpr("sum(n) AS total")).total.tolist() == [3]
    many = pd.DataFrame({"n": range(300_000)})
    assert spark.createDataFrame(many).selectExpr("sum(n)").collect()[0][0] == sum(range(300_000))


sparks_own_way = SparkSession.builder.remote(os.environ["ILUM_SPARK_CONNECT_URL"])
try:
    sparks_own_way.getOrCreate()
except IncompatibleClientError:
    pass
else:
    raise AssertionError("it was not refused")
with spark_session(allow_newer_client=True) as own:
    work(own)
os.environ["ILUM_SPARK_ALLOW_NEWER_CLIENT"] = "1"
spark = sparks_own_way.getOrCreate()
work(spark)
spark.stop()
print("done")
