"""The chart, rendered by helm. NetworkPolicies are written once, in its templates; the rest reads them from here."""

import re
import subprocess
from pathlib import Path

from deploykit import assets
from deploykit.deploy import helm
from deploykit.errors import UsageError

_SECONDS = 60
_SEPARATOR = re.compile(r"^---\n", re.MULTILINE)
_POLICY = re.compile(r"^kind: NetworkPolicy$", re.MULTILINE)
_NOISE = ("Use --debug", "level=")


def template_command(program: Path, *, chart: Path, release: str, namespace: str) -> tuple[str, ...]:
    """The command that renders the chart without a cluster, with values from its standard input.

    What it renders is to be read, never applied: the Secret in it is made up anew each time.
    """
    ephemeral = "mageai.generateSecretWithoutCluster=true"
    return (
        str(program), "template", release, str(chart), "--namespace", namespace, "--values", "-", "--set", ephemeral,
    )  # fmt: skip


def render(values_text: str, *, release: str = "mage", namespace: str = "mage") -> tuple[str, ...]:
    """Every document of the chart with these values, as YAML text.

    Raises `UsageError` when helm refuses them, or does not end.
    """
    command = template_command(helm.find(), chart=assets.chart(), release=release, namespace=namespace)
    try:
        done = subprocess.run(
            command, input=values_text, capture_output=True, text=True, encoding="utf-8", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"helm did not render the chart within {_SECONDS} s", fix=f"{command[0]} version") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = "\n".join(line for line in lines if not line.startswith(_NOISE))
        raise UsageError("helm refuses the values", why=reason, fix="correct the values and render again")
    return tuple(document.strip() + "\n" for document in _SEPARATOR.split(done.stdout) if document.strip())


def network_policies(values_text: str, release: str = "mage", namespace: str = "mage") -> str:
    """The chart's NetworkPolicies with these values: one YAML text, the same for the same values."""
    documents = render(values_text, release=release, namespace=namespace)
    return "---\n".join(sorted(document for document in documents if _POLICY.search(document)))
