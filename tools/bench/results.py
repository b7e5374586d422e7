"""Measure `to_pandas` against plain `toPandas()`: time and peak memory, as ratios in one run.

Usage: `results.py sc://host:15002 [PYTHON]`, with a Python that has PySpark and pandas (this one unless given).
Each measurement is a process of its own; the two ways take turns, and the fastest of each counts.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypeAlias

RUNTIME = Path(__file__).parents[2] / "images" / "mage" / "runtime"
ROWS = (1_000_000, 5_000_000)
Way: TypeAlias = Literal["plain", "ours"]
WAYS: tuple[Way, Way] = ("plain", "ours")

_MEASURE = """
import json, os, sys, threading, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from mage_ilum import spark_session, to_pandas

way, rows = sys.argv[1], int(sys.argv[2])
page = os.sysconf("SC_PAGE_SIZE")
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * page
peak, done = 0, threading.Event()

def watch():
    global peak
    while not done.wait(0.005):
        peak = max(peak, resident())

with spark_session(timeout=30) as spark:
    columns = "id", "id / 3.0D AS ratio", "concat('row ', id) AS text", "timestamp_micros(id * 1000000) AS moment"
    query = lambda n: spark.range(n).selectExpr(*columns)
    run = (lambda df: to_pandas(df, max_rows=rows)) if way == "ours" else (lambda df: df.toPandas())
    run(query(10_000))
    before = resident()
    watcher = threading.Thread(target=watch)
    watcher.start()
    begin, cpu = time.perf_counter(), time.process_time()
    frame = run(query(rows))
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    done.set()
    watcher.join()
    size = int(frame.memory_usage(deep=True).sum())
print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": (max(peak, resident()) - before) / size, "size": size}))
"""


def measure(python: str, url: str, way: Way, rows: int) -> dict[str, float]:
    """Seconds, seconds of the client's CPU, and the highest memory as a multiple of the frame."""
    environment = {**os.environ, "ILUM_SPARK_CONNECT_URL": url, "PYTHONPATH": str(RUNTIME)}
    # From a file: PySpark 4.2 takes `-c` for a doctest.
    done = subprocess.run(
        [python, "-", way, str(rows)],
        input=_MEASURE,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure to_pandas against plain toPandas().")
    parser.add_argument("url", help="sc://host:15002")
    parser.add_argument("python", nargs="?", default=sys.executable)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(
        "| rows | frame | plain | ours | time, ours / plain | CPU, ours / plain | peak memory / frame: plain | ours |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for rows in ROWS:
        runs: dict[Way, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(arguments.repeat):
            for way in WAYS:
                runs[way].append(measure(arguments.python, arguments.url, way, rows))
        best = {way: min(found["seconds"] for found in runs[way]) for way in WAYS}
        cpu = {way: min(found["cpu"] for found in runs[way]) for way in WAYS}
        memory = {way: max(found["memory"] for found in runs[way]) for way in WAYS}
        print(
            f"| {rows:,} | {runs['ours'][0]['size'] / 2**20:.0f} MiB | {best['plain']:.2f} s | {best['ours']:.2f} s "
            f"| {best['ours'] / best['plain']:.2f} | {cpu['ours'] / cpu['plain']:.2f} "
            f"| {memory['plain']:.2f} | {memory['ours']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
