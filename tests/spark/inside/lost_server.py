"""A block whose server is not there, or goes away in the middle of a query: prints the seconds until it knows, and how.

Once a query has been answered it waits for a line on stdin, and then runs a long one.
"""

import sys
import time

import pyspark  # noqa: F401  its import is no part of the wait

from mage_ilum import ConnectionProblem, spark_session

LONG = "SELECT reflect('java.lang.Thread', 'sleep', id) FROM range(100000, 100001)"  # in ms; leaves others the cores
begin = time.monotonic()

try:
    with spark_session() as spark:
        print("count", spark.range(5).count(), flush=True)
        print(spark.client._session_id, spark.client._user_id, flush=True)
        sys.stdin.readline()
        print("asking", flush=True)
        begin = time.monotonic()
        spark.sql(LONG).collect()
except ConnectionProblem as problem:
    print(time.monotonic() - begin, problem.code, flush=True)
