"""Run the blocks of the example pipeline one after the other, as Mage does, and print what they returned as JSON.

Usage: example_pipeline.py PROJECT
"""

import json
import runpy
import sys
from contextlib import redirect_stdout
from io import BytesIO
from pathlib import Path

from mage_ilum import spark_session

project = Path(sys.argv[1])
TABLE = "transaction_anomaly_detection.transactions"

with spark_session() as spark:
    spark.sql("CREATE DATABASE IF NOT EXISTS transaction_anomaly_detection").collect()
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {TABLE} USING parquet AS "
        "SELECT id AS transaction_id, id % 10 AS account_id, round(rand(7) * 2000, 2) AS amount FROM range(5000)"
    ).collect()
    expected = spark.sql(f"SELECT count(*) FROM {TABLE} WHERE amount > 1000").collect()[0][0]


def block(path, function, *inputs):
    """Call a block's function and its test; Mage gives the decorators as globals, and keeps results as parquet."""
    names = runpy.run_path(str(project / path), {name: lambda f: f for name in ("data_loader", "transformer", "test")})
    result = names[function](*inputs)
    names["test_output"](result)
    result.to_parquet(BytesIO())
    return result


with redirect_stdout(sys.stderr):
    loaded = block("data_loaders/load_large_transactions.py", "load_data")
    found = block("transformers/find_anomalies.py", "transform", loaded)
smallest = float(loaded.amount.min())
print(json.dumps({"expected": expected, "loaded": len(loaded), "smallest": smallest, "found": len(found)}))
