"""`deploykit values` on a real cluster, where it finds nothing to write values for."""

import pytest

from deploykit.cli.main import run

pytestmark = pytest.mark.usefixtures("needs_cluster")


def test_a_namespace_without_a_spark_driver_is_unreachable(capsys):
    assert run(["values", "--image", "mage:1.0", "--namespace", "kube-system"]) == 4
    said = capsys.readouterr()
    assert "No Spark driver runs in namespace kube-system" in said.err
    assert said.out == ""


def test_a_context_that_the_kubeconfig_does_not_have_is_a_usage_error(capsys):
    assert run(["values", "--image", "mage:1.0", "--namespace", "ilum", "--context", "elsewhere"]) == 2
    assert "'elsewhere'" in capsys.readouterr().err
