"""The next try of the block of `killed.py`: how long a small query takes, in seconds. Usage: next_try.py RUN"""

import sys
import time

from mage_ilum import spark_session
from mage_ilum.sessions.block_run import BlockRun, running

begin = time.monotonic()
with running(BlockRun("sales", "load", sys.argv[1])), spark_session() as spark:
    spark.range(5).repartition(2).count()
    print(time.monotonic() - begin)
