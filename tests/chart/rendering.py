"""What the chart's tests render with: helm itself, and the example values in `ci/`. A rendering is made once."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploykit import assets
from deploykit.deploy import chart, helm

EXAMPLES = sorted((assets.chart() / "ci").glob("*-values.yaml"))
NAMES = [path.name.removesuffix("-values.yaml") for path in EXAMPLES]


def namespace_of(name: str) -> str:
    """The namespace that an example is for: beside Ilum's own module, Ilum's."""
    return "ilum" if name == "module" else "mage"


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Libyaml's, which takes a tenth of the time, where PyYAML has it."""
Document = Mapping[str, Any]


def example(name: str) -> str:
    """The text of `ci/NAME-values.yaml`."""
    return (assets.chart() / "ci" / f"{name}-values.yaml").read_text(encoding="utf-8")


def values(name: str, *changes: str) -> str:
    """An example with changes as helm's `--set-json` has them: `mageai.basePath="mage"`."""
    found = yaml.safe_load(example(name))
    for change in changes:
        path, _, value = change.partition("=")
        *parents, last = path.split(".")
        place = found
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = yaml.safe_load(value)
    return yaml.safe_dump(found)


@cache
def _rendered(text: str, namespace: str) -> list[Document]:
    return parsed(chart.render(text, namespace=namespace))


def rendered(name: str, *changes: str, namespace: str = "") -> list[Document]:
    """The objects that an example renders to, with changes; not to be changed by a test."""
    return _rendered(values(name, *changes) if changes else example(name), namespace or namespace_of(name))


def rendered_by(folder: Path, text: str, *flags: str) -> list[Document]:
    """The objects that a chart in a folder renders these values to, such as a copy with a change of its own."""
    command = chart.template_command(helm.find(), chart=folder, release="mage", namespace="mage")
    done = subprocess.run([*command, *flags], input=text, capture_output=True, text=True, timeout=60, check=True)
    return parsed(tuple(done.stdout.split("\n---\n")))


def refusal(*settings: str, values: str = "minimal") -> str:
    """What helm says when it refuses an example with these `--set` settings; fails when it does not refuse."""
    command = ["helm", "template", "mage", assets.chart(), "--namespace", namespace_of(values)]
    command += ["--values", assets.chart() / f"ci/{values}-values.yaml"]
    flags = [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0, f"helm accepted {settings}"
    return done.stderr


def notes(name: str, *changes: str, folder: Path) -> str:
    """What `helm install` says at its end, by a copy of the chart in `folder`: Helm 3 shows it only with a cluster."""
    copied = shutil.copytree(assets.chart(), folder / "chart", dirs_exist_ok=True)
    (copied / "templates" / "NOTES.txt").rename(copied / "notes.txt")
    (copied / "templates" / "notes.yaml").write_text('said: {{ tpl (.Files.Get "notes.txt") . | toJson }}\n')
    command = [helm.find(), "template", "mage", copied, "--namespace=team", "--values=-"]
    done = subprocess.run(
        [*command, "--show-only=templates/notes.yaml", "--set=mageai.generateSecretWithoutCluster=true"],
        input=values(name, *changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return str(yaml.safe_load(done.stdout)["said"])


def parsed(documents: tuple[str, ...]) -> list[Document]:
    """The rendered documents as objects, without those that hold only comments."""
    return [document for text in documents if (document := yaml.load(text, Loader=LOADER))]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    return [document for document in documents if document["kind"] == kind]


def named(documents: list[Document], kind: str, name: str) -> Document:
    [found] = [document for document in of_kind(documents, kind) if document["metadata"]["name"] == name]
    return found


def mage(documents: list[Document], component: str = "server") -> Document:
    """The container of one of Mage's own pods."""
    [spec] = [spec for kind, _, spec in pods(documents) if kind == component]
    return {**spec["containers"][0], "pod": spec}


def environment(container: Document) -> Mapping[str, Document]:
    """The variables of a container by name: each as it is written, with `value` or `valueFrom`."""
    return {variable["name"]: variable for variable in container["env"]}


def pods(documents: list[Document]) -> Iterator[tuple[str, Mapping[str, str], Document]]:
    """Each pod that the chart brings about: its component, labels and spec; the executor's as Mage builds it."""
    for document in documents:
        if document["kind"] == "Deployment":
            yield _pod(document["spec"]["template"])
        elif document["kind"] == "CronJob":
            kind, labels, spec = _pod(document["spec"]["jobTemplate"]["spec"]["template"])
            yield kind, {**labels, "batch.kubernetes.io/job-name": "mage-drift-check-1"}, spec
        elif document["kind"] == "Pod":
            yield _pod(document)
        elif document["kind"] == "ConfigMap" and "executor.yaml" in document["data"]:
            config = yaml.safe_load(document["data"]["executor.yaml"])
            container = config["container_config"]
            spec = {
                "serviceAccountName": config["pod"]["service_account_name"],
                "containers": [{**container, "securityContext": container["security_context"]}],
            }
            yield "worker", {**config["metadata"]["labels"], "batch.kubernetes.io/job-name": "mage-data-prep-1"}, spec


def _pod(template: Document) -> tuple[str, Mapping[str, str], Document]:
    labels = template["metadata"]["labels"]
    return labels["app.kubernetes.io/component"], labels, template["spec"]


def selects(selector: Document, labels: Mapping[str, str]) -> bool:
    """Whether a policy's podSelector selects a pod with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_holds(term, labels) for term in selector.get("matchExpressions", []))


def _holds(term: Document, labels: Mapping[str, str]) -> bool:
    return {
        "Exists": lambda: term["key"] in labels,
        "In": lambda: labels.get(term["key"]) in term["values"],
        "NotIn": lambda: labels.get(term["key"]) not in term["values"],
    }[term["operator"]]()
