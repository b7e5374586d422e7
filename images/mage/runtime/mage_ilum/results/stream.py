"""The result of a query as Arrow tables of a few MiB, as they come from the server."""

import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mage_ilum.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def result_stream(df: "DataFrame") -> "Generator[StructType | pa.Table, None, None]":
    """Run the query: gives the schema, then table after table. To close it early stops the query on the server."""
    session = df.sparkSession
    # PySpark's own toLocalIterator() goes this way; there is no public one that gives Arrow and can be left early.
    plan = df._plan
    observations = (plan.observations,) if hasattr(plan, "observations") else ()  # from Spark 4 on
    stream = session.client.to_table_as_iterator(plan.to_proto(session.client), *observations)
    with _tagged(session) as tag:
        first = next(stream, None)  # sends the request, which takes the tag along
    if first is None:
        return
    try:
        yield first
        yield from stream
    except (GeneratorExit, KeyboardInterrupt):
        interrupt(session, tag)
        raise
    finally:
        stream.close()


def count_within(df: "DataFrame", seconds: float) -> int | None:
    """The number of rows; `None` where the server does not tell in time, and stops to count then."""
    from pyspark.errors import PySparkException

    session = df.sparkSession
    with _tagged(session) as tag:
        timer = threading.Timer(seconds, interrupt, (session, tag))
        timer.daemon = True
        timer.start()
        try:
            return int(df.count())
        except PySparkException:
            return None
        finally:
            timer.cancel()


def check_frame(df: object, function: str) -> None:
    """Raise `UsageError` unless `df` is a frame of Spark Connect."""
    if not (type(df).__module__.startswith("pyspark.sql.connect.") and hasattr(df, "toPandas")):
        raise UsageError(
            f"{function} takes a DataFrame of a Spark Connect session, and got a {type(df).__name__}.",
            code="no-frame",
            why=f"It was given {type(df).__module__}.{type(df).__qualname__}.",
            fix="Pass what spark.table(...), spark.sql(...) or sql(...) gives.",
        )


@contextmanager
def _tagged(session: "SparkSession") -> Iterator[str]:
    """What this thread starts meanwhile bears a tag of its own."""
    tag = f"mage-ilum-{uuid.uuid4()}"
    session.addTag(tag)
    try:
        yield tag
    finally:
        session.removeTag(tag)


def interrupt(session: "SparkSession", tag: str) -> None:
    """Stop what bears the tag; whoever gives up does not want to hear that this failed too."""
    with suppress(Exception):
        session.interruptTag(tag)
