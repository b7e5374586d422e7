"""Runs in a Python that has PySpark: what one result costs. Usage: result_cost.py plain|ours ROWS

The server is at ILUM_SPARK_CONNECT_URL. Prints JSON: seconds, seconds of this process's CPU, the bytes of the frame,
and `memory`, by which this process has grown at its largest, as a multiple of the frame.
"""

import json
import os
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from mage_ilum import spark_session, to_pandas

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

COLUMNS = "id", "id / 3.0D AS ratio", "concat('row ', id) AS text", "timestamp_micros(id * 1000000) AS moment"
PAGE = os.sysconf("SC_PAGE_SIZE")


def main(way: str, rows: int) -> dict[str, float]:
    with spark_session(timeout=30) as spark:
        result(way, frame_of(spark, 10_000))  # what happens but once is no cost of this result
        before = resident()
        with Peak() as peak:
            begin, cpu = time.perf_counter(), time.process_time()
            frame = result(way, frame_of(spark, rows))
            seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        size = int(frame.memory_usage(deep=True).sum())
    return {"seconds": seconds, "cpu": cpu, "size": size, "memory": (peak.bytes - before) / size}


def frame_of(spark: "SparkSession", rows: int) -> "DataFrame":
    return spark.range(rows).selectExpr(*COLUMNS)


def result(way: str, df: "DataFrame") -> "pd.DataFrame":
    return to_pandas(df, max_rows=10_000_000) if way == "ours" else df.toPandas()


def resident() -> int:
    """Bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


class Peak:
    """The most memory that this process has while the block runs, looked at every 5 ms."""

    def __init__(self) -> None:
        self.bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.bytes = max(self.bytes, resident())
            if self._done.wait(0.005):
                self.bytes = max(self.bytes, resident())
                return


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
