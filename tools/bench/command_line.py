"""How long a person waits for the commands that need no engine."""

import os
import sys
import tempfile
from pathlib import Path

from row import Row, process

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".build" / "demo"
DEPLOYKIT = str(Path(sys.executable).parent / "deploykit")

SPARK = "4.1.1"
PYSPARK = """
from pyspark.sql import SparkSession
import sys
print(SparkSession.builder.remote(sys.argv[1]).getOrCreate().version)
"""


def help_time() -> list[Row]:
    taken = process([DEPLOYKIT, "--help"], runs=21)
    bare = process([sys.executable, "-c", "pass"], runs=21)
    return [
        Row(
            what="`deploykit --help`, whole process",
            measured=f"{taken * 1e3:.0f} ms, {taken / bare:.1f} x `python -c pass`",
            bar="≤ 60 ms, or ≤ 4 x `python -c pass`",
            holds=taken <= 0.060 or taken <= 4 * bare,
        )
    ]


def plan_time() -> list[Row]:
    """For a known version, with an empty cache and no engine: nobody is asked."""
    with tempfile.TemporaryDirectory() as folder:
        nowhere = {"DEPLOYKIT_CACHE": folder, "DOCKER_HOST": f"unix://{folder}/none.sock"}
        # Without the person's own request, and with bytecode, as where it is installed.
        own = {name: value for name, value in os.environ.items() if not name.startswith(("DEPLOYKIT_", "PYTHON"))}
        command = [DEPLOYKIT, "plan", "--spark", SPARK]
        taken = process(command, runs=21, environment={**own, **nowhere}, folder=Path(folder))
    return [
        Row(
            what="`deploykit plan --spark`, whole process, nobody asked",
            measured=f"{taken:.2f} s",
            bar="≤ 0.3 s",
            holds=taken <= 0.3,
        )
    ]


def server_time() -> list[Row]:
    """Against the demo's embedded server; PySpark asks the question of `detect` of the same server."""
    sys.path.insert(0, str(ROOT / "tools" / "demo"))
    import client
    import demo

    os.chdir(ROOT)
    BUILD.mkdir(parents=True, exist_ok=True)
    python = client.install(demo.SPARK, BUILD / "venv")
    script = BUILD / "version.py"
    script.write_text(PYSPARK, encoding="utf-8")
    with demo.server(python) as address:
        taken = process([DEPLOYKIT, "detect", address], runs=11)
        checked = process([DEPLOYKIT, "check", address], runs=11)
        pyspark = process([str(python), str(script), address], runs=5)
    return [
        Row(
            what="`deploykit check`, whole process, healthy loopback server",
            measured=f"{checked:.2f} s",
            bar="≤ 3 s",
            holds=checked <= 3,
        ),
        Row(
            what="`deploykit detect`, whole process, loopback server",
            measured=f"{taken:.2f} s",
            bar="≤ 0.4 s",
            guide=f"{pyspark:.2f} s with PySpark",
            holds=taken <= 0.4,
        ),
    ]
