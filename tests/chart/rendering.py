"""What the chart's tests render with: helm itself, and the example values in `ci/`."""

import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from deploykit import assets

EXAMPLES = sorted((assets.chart() / "ci").glob("*-values.yaml"))
NAMES = [path.name.removesuffix("-values.yaml") for path in EXAMPLES]

Document = Mapping[str, Any]


def example(name: str) -> str:
    """The text of `ci/NAME-values.yaml`."""
    return (assets.chart() / "ci" / f"{name}-values.yaml").read_text(encoding="utf-8")


def refusal(*settings: str, values: str = "minimal") -> str:
    """What helm says when it refuses an example with these `--set` settings; fails when it does not refuse."""
    command = ["helm", "template", "mage", assets.chart(), "--values", assets.chart() / f"ci/{values}-values.yaml"]
    flags = [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0, f"helm accepted {settings}"
    return done.stderr


def parsed(documents: tuple[str, ...]) -> list[Document]:
    """The rendered documents as objects, without those that hold only comments."""
    return [document for text in documents if (document := yaml.safe_load(text))]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    return [document for document in documents if document["kind"] == kind]


def named(documents: list[Document], kind: str, name: str) -> Document:
    [found] = [document for document in of_kind(documents, kind) if document["metadata"]["name"] == name]
    return found


def pods(documents: list[Document]) -> Iterator[tuple[str, Mapping[str, str], Document]]:
    """Each pod that the chart brings about: name, labels and spec; the executor's as Mage builds it."""
    for document in documents:
        if document["kind"] == "Deployment":
            template = document["spec"]["template"]
            yield "server", template["metadata"]["labels"], template["spec"]
        elif document["kind"] == "Pod":
            yield "test", document["metadata"]["labels"], document["spec"]
        elif document["kind"] == "ConfigMap" and "executor.yaml" in document["data"]:
            config = yaml.safe_load(document["data"]["executor.yaml"])
            container = config["container_config"]
            spec = {
                "serviceAccountName": config["pod"]["service_account_name"],
                "containers": [{**container, "securityContext": container["security_context"]}],
            }
            yield "worker", {**config["metadata"]["labels"], "batch.kubernetes.io/job-name": "mage-data-prep-1"}, spec


def selects(selector: Document, labels: Mapping[str, str]) -> bool:
    """Whether a policy's podSelector selects a pod with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all({"Exists": term["key"] in labels}[term["operator"]] for term in selector.get("matchExpressions", []))
