"""What a block may rely on when it opens a session; every assertion that fails ends this with a traceback."""

import threading

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

from mage_ilum import ResultTooLargeError, spark_session, to_pandas

with spark_session() as outer:
    # Functions work, and no JVM is looked for.
    assert to_pandas(outer.range(10).filter(F.col("id") > 5)).id.tolist() == [6, 7, 8, 9]
    assert SparkSession.getActiveSession() is outer

    # Sessions are apart, and each is ended alone.
    outer.range(3).createOrReplaceTempView("mine")
    with spark_session(app_name="another") as inner:
        assert inner.client._session_id != outer.client._session_id
        assert not inner.catalog.tableExists("mine")
    assert inner.is_stopped
    assert outer.table("mine").count() == 3

    # A frame for Mage has nothing of Spark left in it; a large one is refused.
    assert to_pandas(outer.range(10), max_rows=10).attrs == {}
    try:
        to_pandas(outer.range(11), max_rows=10)
    except ResultTooLargeError:
        pass
    else:
        raise AssertionError("11 rows passed a limit of 10")

assert outer.is_stopped
assert SparkSession.getActiveSession() is None

# An error in the block ends the session too, and reaches Mage.
try:
    with spark_session() as spark:
        raise KeyError("of the block")
except KeyError:
    assert spark.is_stopped
else:
    raise AssertionError("the block's error was lost")

assert all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())
print("done")
