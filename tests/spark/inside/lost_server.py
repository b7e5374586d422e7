"""Use a session, wait for a line on stdin, run a long query, and print how long that took to fail, and with what."""

import sys
import time

from mage_ilum import ConnectionProblem, spark_session

LONG = "SELECT reflect('java.lang.Thread', 'sleep', id) FROM range(100000, 100001)"  # in ms; leaves others the cores
begin = 0.0

try:
    with spark_session() as spark:
        print("count", spark.range(5).count(), flush=True)
        print(spark.client._session_id, spark.client._user_id, flush=True)
        sys.stdin.readline()
        print("asking", flush=True)
        begin = time.monotonic()
        try:
            spark.sql(LONG).collect()
        finally:
            print("failed after", time.monotonic() - begin, flush=True)
            begin = time.monotonic()
except ConnectionProblem as problem:
    print("stopped after", time.monotonic() - begin, flush=True)
    print(problem.code, flush=True)
