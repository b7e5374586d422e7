"""A Mage project whose pipelines run what the tests look at."""

from pathlib import Path

import yaml

CASES = """
import sys
sys.path.insert(0, '/blocks')
from run_cases import run

@data_loader
def load(*args, **kwargs):
    return run(kwargs['block_uuid'])
"""
REPORT = """
import json
from pathlib import Path

@data_exporter
def report(*found, **kwargs):
    path = Path('/tmp/report.json')
    report = json.loads(path.read_text()) if path.exists() else {}
    report.setdefault(kwargs['pipeline_uuid'], []).append([describe(value) for value in found])
    path.write_text(json.dumps(report))

def describe(value):
    return value if isinstance(value, dict) else {'type': type(value).__name__, 'rows': len(value)}
"""
RETURNS_A_FRAME = """
from mage_ilum import spark_session

@data_loader
def load(*args, **kwargs):
    with spark_session() as spark:
        return {'orders': spark.range(3)}
"""

KILLED = """
from pathlib import Path
from time import monotonic
from mage_ilum import spark_session

RUNNING = Path('/tmp/running')
# The first of its rows comes at once; then the other two hold both slots of the server for two minutes.
LONG = "SELECT if(id = 0, 'runs', reflect('java.lang.Thread', 'sleep', 120000L)) AS said FROM range(0, 3, 1, 3)"

@data_loader
def load(*args, **kwargs):
    begin = monotonic()
    with spark_session() as spark:
        if not RUNNING.exists():
            for row in spark.sql(LONG).toLocalIterator():
                RUNNING.write_text(row.said)
        spark.range(5).repartition(2).count()
    print(f'the next try had its answer after {monotonic() - begin:.1f} s')
"""


def lay_out(folder: Path, subjects: tuple[str, ...], guide: list[str]) -> None:
    """Write pipeline `cases`, a loader for each subject; `guide`, each of its blocks twice; `mistake` and `killed`."""
    guide_blocks = {f"guide_{number}": code for number, code in enumerate(guide * 2)}
    _pipeline(folder, "cases", dict.fromkeys(subjects, CASES))
    _pipeline(folder, "guide", guide_blocks)
    _pipeline(folder, "mistake", {"returns_a_frame": RETURNS_A_FRAME})
    _pipeline(folder, "killed", {"killed": KILLED})


def _pipeline(folder: Path, name: str, loaders: dict[str, str]) -> None:
    """Loaders that run at the same time, but the last one alone, and an exporter that gets what they return."""
    *together, last = loaders
    report = f"report_{name}"
    blocks = [_block(uuid, "data_loader", []) for uuid in together]
    blocks += [_block(last, "data_loader", together), _block(report, "data_exporter", [*together, last])]
    for kind, codes in {"data_loaders": loaders, "data_exporters": {report: REPORT}}.items():
        (folder / kind).mkdir(exist_ok=True, parents=True)
        for uuid, code in codes.items():
            (folder / kind / f"{uuid}.py").write_text(code, encoding="utf-8")
    for block in blocks:
        block["downstream_blocks"] = [other["uuid"] for other in blocks if block["uuid"] in other["upstream_blocks"]]
    pipeline = folder / "pipelines" / name / "metadata.yaml"
    pipeline.parent.mkdir(parents=True)
    pipeline.write_text(yaml.safe_dump({"name": name, "uuid": name, "type": "python", "blocks": blocks}))


def _block(uuid: str, kind: str, upstream: list[str]) -> dict[str, object]:
    common = {"language": "python", "executor_type": "local_python", "status": "updated"}
    return {"name": uuid, "uuid": uuid, "type": kind, "upstream_blocks": list(upstream), **common}
