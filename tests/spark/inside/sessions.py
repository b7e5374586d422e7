"""What a block may rely on when it opens a session; every assertion that fails ends this with a traceback."""

import doctest
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

import mage_ilum.errors
import mage_ilum.hooks.returned
import mage_ilum.sessions.session
from mage_ilum import NoSessionError, current_session, spark_session, to_pandas

with spark_session() as outer:
    # Functions work, and no JVM is looked for.
    assert to_pandas(outer.range(10).filter(F.col("id") > 5)).id.tolist() == [6, 7, 8, 9]
    assert SparkSession.getActiveSession() is outer
    assert current_session() is outer

    # Sessions are apart, and each is ended alone; the innermost is the current one.
    outer.range(3).createOrReplaceTempView("mine")
    with spark_session(app_name="another") as inner:
        assert current_session() is inner
        assert SparkSession.getActiveSession() is inner
        assert inner.client._session_id != outer.client._session_id
        assert not inner.catalog.tableExists("mine")
    assert inner.is_stopped
    assert current_session() is outer
    assert SparkSession.getActiveSession() is outer
    assert outer.table("mine").count() == 3

    # A thread has no session of another's, but what asks PySpark for one gets ours.
    with ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(current_session).exception(), NoSessionError)
        assert pool.submit(SparkSession.active).result() is outer

    # A frame for Mage has nothing of Spark left in it.
    assert to_pandas(outer.range(10), max_rows=10).attrs == {}

assert outer.is_stopped
assert SparkSession.getActiveSession() is None
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

# An error in the block ends the session too, and reaches Mage.
try:
    with spark_session() as spark:
        raise KeyError("of the block")
except KeyError:
    assert spark.is_stopped
else:
    raise AssertionError("the block's error was lost")

# Sessions in threads open, work and end, and no other notices.
together = threading.Barrier(4)


def block(number: int) -> int:
    together.wait(30)
    total = 0
    for _ in range(3):
        with spark_session() as own:
            own.range(number).createOrReplaceTempView("mine")
            assert current_session() is own
            assert SparkSession.getActiveSession() is own
            total += own.table("mine").count() + own.createDataFrame([(1,)], ["n"]).count()
    return total


with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(block, range(4))) == [3, 6, 9, 12]
assert SparkSession.getActiveSession() is None

# What the docstrings show is what happens.
for module in (mage_ilum.sessions.session, mage_ilum.errors, mage_ilum.hooks.returned):
    assert doctest.testmod(module, raise_on_error=True).attempted

print("done")
