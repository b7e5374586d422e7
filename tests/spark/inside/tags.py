"""Queries are tagged with pipeline, block and run, in every thread: each tag alone can interrupt one."""

import threading
import time

from pyspark.errors import PySparkException

from mage_ilum import spark_session
from mage_ilum.sessions.block_run import BlockRun, running

# In ms. Spark cancels the jobs that a tag has, and none that begins a moment later: what is left then ends by itself.
LONG = "SELECT reflect('java.lang.Thread', 'sleep', id) FROM range(10000, 10001)"

whose = BlockRun("sales", "load", "7/20261123T000000")
with running(whose), spark_session() as spark:
    for tag in whose.tags:
        failed: list[Exception] = []

        def query(failed: list[Exception] = failed) -> None:
            try:
                spark.sql(LONG).collect()
            except PySparkException as error:
                failed.append(error)

        thread = threading.Thread(target=query)
        thread.start()
        give_up = time.monotonic() + 30
        while not spark.interruptTag(tag):  # until the query has reached the server
            assert time.monotonic() < give_up, tag
        thread.join(30)
        assert "CANCEL" in str(failed[0]).upper(), failed
print("done")
