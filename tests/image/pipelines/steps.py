"""The scripts of the pipelines in docs/pipelines, with the environment that each system gives them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml
from tests.needs import REPOSITORY

PIPELINES = REPOSITORY / "docs" / "pipelines"
INSTALL = re.compile(r'^\s*pip install (--quiet )?"deploykit @ \$DEPLOYKIT_WHEEL"$', re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A script for bash, and what is set for it beside the job's own environment."""

    script: str
    environment: Mapping[str, str] = field(default_factory=dict)


def _read(name: str) -> list[Any]:
    return list(yaml.safe_load_all((PIPELINES / name).read_text(encoding="utf-8")))


def _installed(script: str) -> str:
    """The script without the line that installs deploykit: the checkout's own is on the PATH."""
    return INSTALL.sub("", script)


def github(job: str, expressions: Mapping[str, str]) -> list[Step]:
    """The `run:` steps of a job; each `${{ … }}` in their environment has to be among the expressions."""
    [workflow] = _read("github-actions.yml")

    def known(value: object) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: expressions[found[1]], str(value))

    return [
        Step(_installed(step["run"]), {name: known(value) for name, value in step.get("env", {}).items()})
        for step in workflow["jobs"][job]["steps"]
        if "run" in step
    ]


def github_outputs(job: str) -> set[str]:
    """The names that a job hands on, of the outputs of its steps."""
    [workflow] = _read("github-actions.yml")
    handed = workflow["jobs"][job]["outputs"].values()
    return {re.fullmatch(r"\$\{\{ steps\.sync\.outputs\.(\w+) \}\}", value)[1] for value in handed}


def gitlab(job: str, predefined: Mapping[str, str]) -> list[Step]:
    """`before_script` and `script`, which are one shell there, and `after_script`, which is another."""
    [pipeline] = _read("gitlab-ci.yml")
    found = pipeline[job]

    def expanded(value: object) -> str:
        if isinstance(value, dict):
            assert value["expand"] is False
            return str(value["value"])
        return re.sub(r"\$(\w+)", lambda name: predefined[name[1]], str(value))

    environment = {name: expanded(value) for name, value in {**pipeline["variables"], **found["variables"]}.items()}
    script = "\n".join([*found.get("before_script", ()), *found["script"]])
    after = [Step("\n".join(found["after_script"]), environment)] if "after_script" in found else []
    return [Step(_installed(script), environment), *after]


def after_a_failure() -> set[str]:
    """The systems in which the deployment follows a sync that failed."""
    [workflow], [pipeline] = _read("github-actions.yml"), _read("gitlab-ci.yml")
    follows = {
        "github": workflow["jobs"]["deploy"]["if"] == "${{ !cancelled() }}",
        "gitlab": all(rule["when"] == "always" for rule in pipeline["deploy"]["rules"]),
    }
    return {system for system, is_so in follows.items() if is_so}


def argo(
    secrets: Mapping[tuple[str, str], str], changed: Mapping[str, str] = MappingProxyType({}), *, nightly: bool = False
) -> list[Step]:
    """The script of a CronWorkflow; `secrets` by name and key, `changed` in the place of what the file sets."""
    objects = _read("argo-workflows.yaml")
    workflows = {(found["kind"], found["metadata"]["name"]): found.get("spec") for found in objects}
    cron = workflows["CronWorkflow", "mage-image-full" if nightly else "mage-image"]["workflowSpec"]
    workflow = workflows["WorkflowTemplate", cron["workflowTemplateRef"]["name"]]
    parameters = {
        f"{{{{workflow.parameters.{parameter['name']}}}}}": parameter["value"]
        for spec in (workflow, cron)
        for parameter in spec.get("arguments", {}).get("parameters", ())
    }
    [template] = workflow["templates"]
    script = template["script"]
    environment = {
        item["name"]: parameters.get(item["value"], item["value"])
        if "value" in item
        else secrets[item["valueFrom"]["secretKeyRef"]["name"], item["valueFrom"]["secretKeyRef"]["key"]]
        for item in script["env"]
    }
    return [Step(_installed(script["source"]), {**environment, **changed})]
