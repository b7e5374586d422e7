"""deploykit is installed by the address of a wheel and its hash: by name, it would be whoever has that name on PyPI."""

import re

import pytest
from tests.image.pipelines.steps import INSTALL, PIPELINES
from tests.needs import REPOSITORY

SHOWN = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.*")),
    *sorted((REPOSITORY / ".github").rglob("*.yml")),
    *sorted((REPOSITORY / "charts").rglob("*.md")),
]
INSTALLER = re.compile(r"\b(?:pip3?|pipx|uv|uvx|poetry)\b.*?\b(?:install|run|add|uvx|download)\b([^`]*)")


def by_name(text: str) -> list[str]:
    """The lines that install, download or run a package `deploykit` by its name, whatever version they ask for."""
    commands = [(line, INSTALLER.search(line.partition(" #")[0])) for line in text.splitlines()]
    return [line for line, found in commands if found and re.search(r"(?<![\w./-])deploykit(?! @ |[\w./-])", found[1])]


def test_no_example_installs_by_name():
    texts = {path: path.read_text(encoding="utf-8") for path in SHOWN if path.suffix != ".png"}
    assert len(texts) > 40
    assert {path.name: found for path, text in texts.items() if (found := by_name(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "pip install deploykit",
        "    - pip install --quiet deploykit==0.1.0",
        "run: pip install 'deploykit>=0.1' # pinned",
        "python3 -m pip install --index-url https://index.example.com/simple deploykit",
        "pipx run deploykit plan",
        "uv tool install deploykit",
    ],
)
def test_one_that_did_would_be_found(line):
    assert by_name(f"first\n{line}\n") == [line]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml", "argo-workflows.yaml"])
def test_every_pipeline_installs_the_wheel_that_one_variable_names(name):
    text = (PIPELINES / name).read_text(encoding="utf-8")
    [line] = [line for line in text.splitlines() if "pip install" in line]
    assert INSTALL.match(line.partition(" #")[0].replace("run: ", "").replace("- ", "")), line
    assert "DEPLOYKIT_WHEEL" in text.replace(line, "")
