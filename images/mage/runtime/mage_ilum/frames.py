"""Results of Spark as pandas frames that Mage can store."""

from typing import TYPE_CHECKING

from mage_ilum.errors import ResultTooLargeError

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

MAX_ROWS = 1_000_000


def to_pandas(df: "DataFrame", *, max_rows: int = MAX_ROWS) -> "pd.DataFrame":
    """The result as a pandas frame, ready to return from a block.

    Raises `ResultTooLargeError` where it has more than `max_rows` rows: a Mage pod is not the place for them.
    """
    frame = df.limit(max_rows + 1).toPandas()
    if len(frame) > max_rows:
        raise ResultTooLargeError(
            f"The result has more than {max_rows:,} rows.",
            code="too-many-rows",
            why="It would all have to fit into the memory of the Mage pod.",
            fix="Filter or aggregate on Spark, write it there with df.write.saveAsTable(...), or raise max_rows.",
        )
    # PySpark leaves query metrics here, and with them pandas cannot write the parquet file of a block's output.
    frame.attrs.clear()
    return frame
