"""A block that is killed in the middle of a query. Usage: killed.py RUN"""

import sys

from mage_ilum import spark_session
from mage_ilum.sessions.block_run import BlockRun, running

# The first of its rows comes at once; then the other two hold both slots of the server for two minutes.
LONG = "SELECT if(id = 0, 'runs', reflect('java.lang.Thread', 'sleep', 120000L)) AS said FROM range(0, 3, 1, 3)"

with running(BlockRun("sales", "load", sys.argv[1])), spark_session() as spark:
    for row in spark.sql(LONG).toLocalIterator():
        print(row.said, flush=True)
