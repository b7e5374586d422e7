"""The start hook: nearly free, switched off by a variable, and never in the way of what it does not know."""

import os
import subprocess
import sys

import pytest
from tests.needs import REPOSITORY

RUNTIME = REPOSITORY / "images" / "mage" / "runtime"
INSTALL = "import mage_ilum.hooks.start; mage_ilum.hooks.start.install(); "


def run(code, *folders, **environment):
    paths = os.pathsep.join(str(folder) for folder in (RUNTIME, *folders))
    return subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def mage(tmp_path):
    """A Mage whose Block is not the one that we know."""
    folder = tmp_path / "mage_ai" / "data_preparation" / "models" / "block"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("class Block: ...\n")
    return tmp_path


def test_it_imports_nothing_that_python_has_not():
    done = run(f"import os, sys; before = set(sys.modules); {INSTALL}print(*sorted(set(sys.modules) - before))")
    assert done.stdout.split() == ["mage_ilum", "mage_ilum.hooks", "mage_ilum.hooks.start"]


def test_it_costs_less_than_two_milliseconds():
    code = f"import time; begin = time.perf_counter(); {INSTALL}print(time.perf_counter() - begin)"
    run(code)  # compiles
    assert min(float(run(code).stdout) for _ in range(40)) < 0.002


@pytest.mark.parametrize(("value", "finders"), [({}, 1), ({"MAGE_ILUM_HOOKS": "1"}, 1), ({"MAGE_ILUM_HOOKS": "0"}, 0)])
def test_a_variable_switches_it_off_and_twice_is_once(value, finders):
    code = f"import sys; {INSTALL}{INSTALL}print([type(finder).__name__ for finder in sys.meta_path].count('_Finder'))"
    assert run(code, **value).stdout == f"{finders}\n"


@pytest.mark.parametrize("first", [True, False])
def test_a_mage_that_it_does_not_know_is_left_as_it_is_and_starts(mage, first):
    load = "import mage_ai.data_preparation.models.block as block; "
    code = (INSTALL + load if first else load + INSTALL) + "print(block.Block.__name__)"
    done = run(code, mage)
    assert (done.returncode, done.stdout) == (0, "Block\n")
    assert "mage_ilum leaves mage_ai.data_preparation.models.block as it is" in done.stderr


def test_a_missing_module_is_missing_as_ever():
    done = run(f"{INSTALL}import pyspark.sql.connect.session")
    assert "ModuleNotFoundError: No module named 'pyspark'" in done.stderr
