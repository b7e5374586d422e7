"""The examples in the docstrings, against doubles of Livy, Ilum's API and a server; those that need Spark run there."""

import doctest
import importlib
from pathlib import Path

import pytest
from tests.needs import REPOSITORY
from tests.unit.mage_ilum.doubles.ilum import Ilum
from tests.unit.mage_ilum.doubles.livy import Livy
from tests.unit.mage_ilum.servers import grpc_server

import mage_ilum

SOURCE = Path(mage_ilum.__file__).parent
VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"  # AnalyzePlanResponse.spark_version.version

WITH_SPARK = {
    "tests/spark/inside/sessions.py": ("errors", "hooks.returned", "sessions.session"),
    "tests/image/blocks/cases_examples.py": ("query.identifiers", "query.sql", "results.frames", "tables.write"),
    "tests/image/inside/sql.py": ("hive.engine",),
    "tests/image/inside/jdbc.py": ("jdbc.connection",),
}
"""Which file runs what needs a Spark, or a driver."""


def modules_with_examples() -> set[str]:
    found = (path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in found}


HERE = sorted(modules_with_examples() - {name for names in WITH_SPARK.values() for name in names})


@pytest.mark.parametrize("name", HERE)
def test_an_example_gives_what_it_says(name, monkeypatch):
    module = importlib.import_module(f"mage_ilum.{name}")
    for proxy in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    with Livy() as livy, Ilum() as ilum, grpc_server(lambda request, context: VERSION_ANSWER) as port:
        monkeypatch.setenv("ILUM_LIVY_URL", livy.url)
        monkeypatch.setenv("ILUM_API_URL", ilum.api)
        monkeypatch.setenv("ILUM_CONNECT_JOB_URL", "sc://127.0.0.1:{app_id}")
        monkeypatch.setenv("ILUM_SPARK_CONNECT_URL", f"sc://127.0.0.1:{port}")
        livy.course = [("success", ["Rows written: 42"])]
        livy.session_course = ["idle"]
        result = doctest.testmod(module)
    assert result.attempted
    assert result.failed == 0


@pytest.mark.parametrize("file", WITH_SPARK)
def test_what_needs_spark_is_run_there(file):
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    assert "doctest.testmod(" in text
    for name in WITH_SPARK[file]:
        assert name.rpartition(".")[2] in text
        assert name in modules_with_examples()


@pytest.mark.parametrize("name", mage_ilum.__all__)
def test_a_public_name_has_an_example(name):
    public = getattr(mage_ilum, name)
    assert ">>> " in public.__doc__
    assert public.__module__.removeprefix("mage_ilum.") in modules_with_examples()
