"""What a block must not return, whatever the version of PySpark, and what it may."""

import pandas as pd
from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

from mage_ilum import ReturnedSparkValueError, spark_session
from mage_ilum.hooks.returned import refuse


def why(value: object) -> str:
    try:
        refuse("load", {"output_0": value})
    except ReturnedSparkValueError as error:
        return error.what
    return ""


with spark_session() as spark:
    frame = spark.range(3)
    assert why(frame) == "The block 'load' returns a Spark DataFrame: output_0."
    assert "grouped" in why(frame.groupBy("id"))
    assert "streaming" in why(spark.readStream.format("rate").load())
    assert "writer" in why(frame.write)
    assert "column" in why(F.col("id"))
    assert "session" in why(spark)
    assert why({"a": [1, (2, frame)]}).endswith("output_0['a'][1][1].")
    rows = frame.collect()
    for fine in (
        None,
        3,
        "text",
        rows,
        rows[0],
        rows[0].asDict(),
        frame.toPandas(),
        {"n": pd.Series([1])},
        frame.schema,
    ):
        assert why(fine) == ""
assert why(frame) == "The block 'load' returns a Spark DataFrame: output_0."  # its session has ended
print("done")
