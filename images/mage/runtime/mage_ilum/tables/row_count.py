"""How many rows a query gave, counted while something else is done with them."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@contextmanager
def counted(df: "DataFrame") -> "Iterator[tuple[DataFrame, Callable[[], int]]]":
    """A frame to use in the place of `df`, and the number of its rows, to be asked for once it has been used.

    Spark 4 observes the rows as they pass. PySpark 3.5 cannot do that over Connect: there the executors keep the
    result, in memory or on their disks, from the count until the end.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as F  # noqa: N812  everybody writes it so

    if hasattr(df._plan, "observations"):
        observation = Observation(f"mage-ilum-{uuid.uuid4()}")
        # Spark leaves the whole query out, and with it what observes it, where it can prove that there are no rows.
        yield df.observe(observation, F.count(F.lit(1)).alias("rows")), lambda: int(observation.get.get("rows", 0))
        return
    kept = df.persist()
    try:
        rows = int(kept.count())
        yield kept, lambda: rows
    finally:
        kept.unpersist()
