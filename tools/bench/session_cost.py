"""Runs in a Python that has PySpark: what a block's session costs beside plain PySpark's. Usage: session_cost.py

The server is at ILUM_SPARK_CONNECT_URL. Prints JSON, medians in seconds: `preflight`, the check before a session opens;
`ours` and `plain`, a session from its opening to its end with one query in it.
"""

import json
import os
import statistics
import time
import warnings
from collections.abc import Callable

import pyspark
from pyspark.sql import SparkSession

from mage_ilum import resolve, spark_session
from mage_ilum.connect.rpc import end_session
from mage_ilum.deadline import Deadline
from mage_ilum.sessions.connection import check_server, own_address

RUNS = 21


def main() -> dict[str, float]:
    address = own_address(resolve())
    session_id, user_id = address.parameters["session_id"], address.parameters["user_id"]
    ways: dict[str, Callable[[], object]] = {
        "preflight": lambda: check_server(address, pyspark.__version__, 5),
        "ours": ours,
        "plain": plain,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(RUNS + 1):  # they take turns, and the first turn warms both sides up
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            if turn:
                times[name].append(time.perf_counter() - begin)
    end_session(address, session_id, user_id, Deadline(5))
    return {name: statistics.median(taken) for name, taken in times.items()}


def ours() -> None:
    with spark_session() as spark:
        spark.range(3).collect()


def plain() -> None:
    spark = SparkSession.builder.remote(os.environ["ILUM_SPARK_CONNECT_URL"]).create()
    spark.range(3).collect()
    spark.stop()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(main()))
