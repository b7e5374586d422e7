"""A client newer than its server: what needs settings that the server lacks works all the same."""

import datetime

import pandas as pd

from mage_ilum import spark_session, to_pandas

with spark_session(allow_newer_client=True) as spark:
    frame = pd.DataFrame({"n": [1, 2], "text": ["a", None], "day": [datetime.date(2026, 1, 1)] * 2})
    assert spark.createDataFrame(frame).count() == 2
    assert spark.createDataFrame([(1, {"a": 2})], "n int, m map<string,int>").collect()[0].m == {"a": 2}
    assert to_pandas(spark.createDataFrame(frame).selectExpr("sum(n) AS total")).total.tolist() == [3]
    many = pd.DataFrame({"n": range(300_000)})
    assert spark.createDataFrame(many).selectExpr("sum(n)").collect()[0][0] == sum(range(300_000))
print("done")
