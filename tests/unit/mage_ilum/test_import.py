"""Importing the library costs a block nothing."""

import json
import subprocess
import sys

import pytest

import mage_ilum


def modules_after(code):
    script = (
        f"import sys, json; before = set(sys.modules); {code}; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True)
    return json.loads(answer.stdout)


def test_importing_it_loads_the_standard_library_alone():
    loaded = {name.partition(".")[0] for name in modules_after("import mage_ilum")}
    assert loaded - sys.stdlib_module_names == {"mage_ilum"}
    assert modules_after("import mage_ilum").count("mage_ilum.sessions.session") == 0


def test_what_most_blocks_import_costs_less_than_50_ms(tmp_path):
    names = "from mage_ilum import spark_session, to_pandas"
    others = [name for name in modules_after(names) if not name.startswith("mage_ilum")]  # Mage has these already
    code = (
        f"import importlib, time; [importlib.import_module(name) for name in {others}]; begin = time.perf_counter(); "
        f"{names}; print(time.perf_counter() - begin)"
    )
    environment = {"PYTHONPYCACHEPREFIX": str(tmp_path)}  # with bytecode, as in an image; the first run makes it

    def seconds():
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=True)
        return float(done.stdout)

    assert any(seconds() < 0.05 for _ in range(20))


def test_the_session_and_the_preflight_load_neither_grpc_nor_pyspark_by_themselves():
    loaded = modules_after("from mage_ilum import spark_session, server_version, to_pandas")
    assert not {"grpc", "pyspark", "pandas"} & set(loaded)


@pytest.mark.parametrize("name", mage_ilum.__all__)
def test_every_public_name_is_there(name):
    assert getattr(mage_ilum, name).__doc__
    assert name in dir(mage_ilum)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="sparksession"):
        mage_ilum.sparksession  # noqa: B018
