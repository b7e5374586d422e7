"""Use a session, wait for a line on stdin, use it again, and print how long that took to fail."""

import sys
import time

from pyspark.errors import PySparkException

from mage_ilum import spark_session

with spark_session() as spark:
    print("count", spark.range(5).count(), flush=True)
    sys.stdin.readline()
    begin = time.monotonic()
    try:
        spark.range(5).count()
    except PySparkException:
        print("failed after", time.monotonic() - begin, flush=True)
    begin = time.monotonic()
print("stopped after", time.monotonic() - begin, flush=True)
