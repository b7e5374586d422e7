"""The command that renders the chart."""

from pathlib import Path

from deploykit.deploy.chart import template_command


def test_the_chart_is_rendered_without_a_cluster_from_values_on_stdin():
    assert template_command(Path("/bin/helm"), chart=Path("charts/mage-ilum"), release="r", namespace="team") == (
        "/bin/helm", "template", "r", "charts/mage-ilum", "--namespace", "team", "--values", "-",
        "--set", "mageai.generateSecretWithoutCluster=true",
    )  # fmt: skip
