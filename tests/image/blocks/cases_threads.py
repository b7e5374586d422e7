"""Threads of one block, while other blocks of the run work in the same process."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from case import error_of, marker
from pyspark.sql import SparkSession

from mage_ilum import NoSessionError, current_session, spark_session, sql, to_pandas

case = marker()
THREADS = 4


def at_once(function):
    """What the function returns in each of several threads; with `together.wait()` in it they wait for each other."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, range(THREADS)))


@case
def each_has_a_session_of_its_own(spark):
    together = threading.Barrier(THREADS, timeout=60)

    def work(number):
        with spark_session() as own:
            own.range(number).createOrReplaceTempView("mine")
            together.wait()
            assert current_session() is own
            assert SparkSession.getActiveSession() is own
            frame = to_pandas(sql("SELECT count(*) AS rows, :number AS number FROM mine", number=number))
            together.wait()
            return own.client._session_id, frame.values.tolist()

    found = at_once(work)
    assert [rows for _, rows in found] == [[[number, number]] for number in range(THREADS)]
    assert len({spark.client._session_id, *(session for session, _ in found)}) == THREADS + 1
    assert not spark.catalog.tableExists("mine")


@case
def all_may_use_the_session_of_the_block(spark):
    together = threading.Barrier(THREADS, timeout=60)

    def work(number):
        error_of(NoSessionError, current_session)  # it is handed over, never found
        together.wait()
        return to_pandas(spark.range(number).selectExpr("id * 2 AS id")).id.tolist()

    assert at_once(work) == [[2 * id for id in range(number)] for number in range(THREADS)]


@case
def one_that_fails_ends_its_own_session_alone(spark):
    together, failed = threading.Barrier(THREADS, timeout=60), threading.Event()

    def work(number):
        try:
            with spark_session() as own:
                together.wait()
                if number == 0:
                    raise KeyError("of the block")
                assert failed.wait(60)
                return own.range(number).count()
        except KeyError:
            failed.set()
            return own.is_stopped

    assert at_once(work) == [True, 1, 2, 3]
    assert current_session() is spark
    assert spark.range(3).count() == 3


@case
def one_that_takes_the_context_along_has_the_blocks_session_and_its_name(spark):
    def work():
        assert current_session() is spark
        with spark_session() as own:
            assert own.range(2).count() == 2
            return own.client._channel.block_run.tags

    with ThreadPoolExecutor(1) as pool:
        tags = pool.submit(contextvars.copy_context().run, work).result()
    assert tags == ("mage.pipeline=cases", "mage.block=threads")
