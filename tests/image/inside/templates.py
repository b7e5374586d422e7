"""Runs in an image that was built `--with jdbc`, after the `engine_of` of docs/blocks/ilum-sql.md: its block templates.

The address of a real server is in ILUM_SQL_URL.
"""

import os
import runpy
from datetime import datetime
from pathlib import Path

import yaml
from mage_ai.settings.repo import set_repo_path
from sqlalchemy import text

from mage_ilum import sql_engine

TEMPLATES = Path("/opt/mage-ilum/project/custom_templates/blocks")
SETUP = (
    "CREATE DATABASE IF NOT EXISTS production",
    "DROP TABLE IF EXISTS production.logs",
    "CREATE TABLE production.logs USING parquet AS SELECT id, date'2026-01-01' + CAST(id % 3 AS INT) AS event_date "
    "FROM range(9)",
)


def run(name: str) -> list[int]:
    """Call the template's block for a day, and its test with the result; Mage gives the decorators as globals."""
    blocks, tests = [], []
    path = TEMPLATES / name / f"{name}.py"
    runpy.run_path(str(path), {"data_loader": blocks.append, "test": tests.append})
    [block], [test] = blocks, tests
    frame = block(execution_date=datetime(2026, 1, 2, 3, 4))
    test(frame)
    assert list(frame.columns) == ["id", "event_date"]
    return sorted(frame["id"].tolist())


with sql_engine(query_timeout=60).connect() as connection:
    for statement in SETUP:
        connection.execute(text(statement))
for name in ("ilum_sql", "ilum_jdbc"):
    assert run(name) == [1, 4, 7], name

# A profile of the project's io_config.yaml has a server of its own.
project = Path("/tmp/project")
project.mkdir()
profile = {"version": "0.1.1", "warehouse": {"ILUM_SQL_URL": os.environ.pop("ILUM_SQL_URL")}}
(project / "io_config.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
set_repo_path(str(project))
with engine_of("warehouse").connect() as connection:  # noqa: F821  of the page
    assert connection.execute(text("SELECT count(*) FROM production.logs")).scalar() == 9
print("fine")
