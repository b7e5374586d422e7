"""The command that renders the chart."""

from pathlib import Path

import pytest

from deploykit.deploy import chart
from deploykit.deploy.chart import template_command
from deploykit.errors import UsageError


def test_the_chart_is_rendered_without_a_cluster_from_values_on_stdin():
    assert template_command(Path("/bin/helm"), chart=Path("charts/mage-ilum"), release="r", namespace="team") == (
        "/bin/helm", "template", "r", "charts/mage-ilum", "--namespace", "team", "--values", "-",
        "--set", "mageai.generateSecretWithoutCluster=true",
    )  # fmt: skip


def test_a_helm_that_hangs_is_a_sentence(tmp_path, monkeypatch):
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(chart, "_SECONDS", 0.2)
    with pytest.raises(UsageError, match=r"helm did not render the chart within 0\.2 s"):
        chart.render("")
