"""`getOrCreate` gives a block its own session again, and never that of another block or of another server.

Usage: handed_on.py URL   another address of the same server
"""

import os
import sys

import mage_ilum.hooks.start

mage_ilum.hooks.start.install()

from pyspark.sql import SparkSession  # noqa: E402  the hook comes first, as at the start of every Python in the image

from mage_ilum import spark_session  # noqa: E402
from mage_ilum.sessions.block_run import BlockRun, running  # noqa: E402

LOAD, CLEAN = BlockRun("sales", "load", "7"), BlockRun("sales", "clean", "7")


def session(url: str = os.environ["ILUM_SPARK_CONNECT_URL"]) -> SparkSession:
    return SparkSession.builder.remote(url).getOrCreate()


with running(LOAD):
    first = session()
    assert session() is first
with running(CLEAN):  # in the same thread
    second = session()
    assert second is not first
    assert session() is second
    elsewhere = session(sys.argv[1])
    assert elsewhere is not second
    assert elsewhere.range(3).count() == 3
    with spark_session() as inner:
        assert session() is inner
    assert first.range(3).count() == 3  # let alone: the other block may hold it
for each in (first, second, elsewhere):
    each.stop()
print("done")
