"""`to_pandas` against plain `toPandas()`, on a server that is named: `make bench SERVER=sc://host:15002`.

Each measurement is a process of its own; the two ways take turns, and the fastest of each counts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypeAlias

from engine import NotHereError
from row import Row, not_measured

from mage_ilum import MageIlumError, resolve, server_version

ROOT = Path(__file__).parents[2]
RUNTIME = str(ROOT / "images" / "mage" / "runtime")
"""Where `mage_ilum` is, for a Python that has it not."""
SCRIPT = Path(__file__).with_name("result_cost.py")
ROWS = (1_000_000, 5_000_000)
RUNS = 3
BAR = "≤ 1 x / - / ≤ 2 x"
Way: TypeAlias = Literal["plain", "ours"]
WAYS: tuple[Way, Way] = ("plain", "ours")


def numbers() -> list[Row]:
    try:
        url, python = server_and_client()
    except NotHereError as error:
        what = "`to_pandas` against `toPandas()`: time / CPU / peak memory over the frame"
        return [not_measured(what, BAR, str(error))]
    return [_row(url, python, rows) for rows in ROWS]


def server_and_client() -> tuple[str, Path]:
    """The address of the server that was named, and a Python with its client; raises `NotHereError`."""
    url = os.environ.get("DEPLOYKIT_SERVER", "")
    if not url:
        raise NotHereError("say SERVER=sc://host:15002, a Spark of your own with two cores or more")
    try:
        version = server_version(resolve(url))
    except MageIlumError as error:
        raise NotHereError(error.what) from None
    if version.startswith("3."):
        raise NotHereError(f"Spark {version} has no client without jars on the package index; name a Spark 4")
    sys.path.insert(0, str(ROOT / "tools" / "demo"))
    import client

    folder = ROOT / ".build" / "bench" / f"client-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    return url, client.install(version, folder)


def _row(url: str, python: Path, rows: int) -> Row:
    found: dict[Way, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(RUNS):
        for way in WAYS:
            found[way].append(_measure(url, python, way, rows))
    best = {way: min(run["seconds"] for run in found[way]) for way in WAYS}
    cpu = {way: min(run["cpu"] for run in found[way]) for way in WAYS}
    memory = {way: max(run["memory"] for run in found[way]) for way in WAYS}
    size = found["ours"][0]["size"] / 2**20
    return Row(
        what=f"`to_pandas`, {rows:,} rows ({size:.0f} MiB): time / CPU / peak memory over the frame",
        measured=f"{best['ours'] / best['plain']:.2f} x / {cpu['ours'] / cpu['plain']:.2f} x / {memory['ours']:.2f} x",
        bar=BAR,
        guide=f"{best['plain']:.2f} s / {cpu['plain']:.2f} s / {memory['plain']:.2f} x (`toPandas()`)",
        holds=best["ours"] <= best["plain"] and memory["ours"] <= 2,
    )


def _measure(url: str, python: Path, way: Way, rows: int) -> dict[str, float]:
    done = subprocess.run(
        [python, SCRIPT, way, str(rows)],
        env={**os.environ, "ILUM_SPARK_CONNECT_URL": url, "PYTHONPATH": RUNTIME},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer
