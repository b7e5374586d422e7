"""A block that is killed in the middle of a query. Usage: killed.py RUN"""

import sys

from mage_ilum import spark_session
from mage_ilum.sessions.block_run import BlockRun, running

LONG = "SELECT sum(id % 7 * (id % 11)) FROM range(100000000000)"

with running(BlockRun("sales", "load", sys.argv[1])), spark_session() as spark:
    print(spark.range(5).count(), flush=True)
    spark.sql(LONG).collect()
