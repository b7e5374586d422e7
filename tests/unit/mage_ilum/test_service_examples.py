"""The examples in the docstrings of what speaks to Livy and to Ilum's API, against the doubles."""

import doctest
import importlib

import pytest
from tests.unit.mage_ilum.doubles.ilum import Ilum
from tests.unit.mage_ilum.doubles.livy import Livy

import mage_ilum

MODULES = (
    *("http.client", "http.errors", "http.find", "http.guard", "http.owned", "http.settings"),
    *("ilum.job", "ilum.address", "ilum.allocation", "ilum.api", "ilum.jobs"),
    *("livy.batch", "livy.errors", "livy.log", "livy.output", "livy.session"),
)


@pytest.mark.parametrize("name", MODULES)
def test_an_example_gives_what_it_says(name, monkeypatch):
    module = importlib.import_module(f"mage_ilum.{name}")
    for proxy in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    with Livy() as livy, Ilum() as ilum:
        monkeypatch.setenv("ILUM_LIVY_URL", livy.url)
        monkeypatch.setenv("ILUM_API_URL", ilum.api)
        monkeypatch.setenv("ILUM_CONNECT_JOB_URL", "sc://127.0.0.1:{app_id}")
        livy.course = [("success", ["Rows written: 42"])]
        livy.session_course = ["idle"]
        result = doctest.testmod(module)
    assert result.attempted
    assert result.failed == 0


NAMES = (
    *("BatchFailedError", "LivyBatch", "LivyError", "LivySession", "StatementError", "livy_batch", "livy_session"),
    *("JobApi", "JobFailedError", "ServiceError", "SparkConnectJob", "dynamic_allocation"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_an_example(name):
    assert ">>> " in getattr(mage_ilum, name).__doc__
