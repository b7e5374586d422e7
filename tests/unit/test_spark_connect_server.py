"""What docs/spark-connect-server.md has people type and fill in is what the library would ask Ilum for itself."""

import re
import shutil
import subprocess

import pytest
from tests.needs import REPOSITORY, missing
from tests.unit.mage_ilum.doubles.ilum import Ilum

from deploykit.spark_pods import CONNECT_PLUGIN
from mage_ilum import JobApi, dynamic_allocation

PAGE = (REPOSITORY / "docs" / "spark-connect-server.md").read_text(encoding="utf-8")
LABEL = {"spark.kubernetes.driver.label.spark-connect": "production"}
SCALING = {**LABEL, **dynamic_allocation(1, 8)}


@pytest.fixture
def submitted(monkeypatch):
    """The form that the page's command sends."""
    if (curl := shutil.which("curl")) is None:
        missing("curl", "install it")
    [text] = re.findall(r"^curl (.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Ilum() as ilum:
        command = f"{curl} --silent {text}".replace("http://127.0.0.1:9888/api/v1", ilum.api)
        subprocess.run(["bash", "-euc", command], capture_output=True, timeout=20, check=True)
        [form] = ilum.forms
        return form


def test_the_command_submits_what_the_library_would(submitted):
    api = JobApi()
    assert submitted[api.class_field] == api.job_class
    assert submitted.keys() >= {api.name_field, api.cluster_field}
    assert dict(one.split("=", 1) for one in submitted[api.config_field].split(";")) == SCALING
    assert {field: submitted[field] for field, key in api.repeated_fields} == {
        field: SCALING[key] for field, key in api.repeated_fields
    }


def test_the_form_has_the_same_parameters_as_the_command():
    blocks = re.findall(r"((?:^    spark\S+: .+\n)+)", PAGE, re.MULTILINE)
    shown = [dict(line.strip().split(": ", 1) for line in block.splitlines()) for block in blocks]
    assert SCALING in shown


def test_class_and_plugin_are_those_that_are_looked_for():
    assert f"`{JobApi().job_class}`" in PAGE
    assert f"`spark.plugins: {CONNECT_PLUGIN}`" in PAGE
