"""The tools that read pipelines: those of the development lock, and one that comes from elsewhere."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from tests.needs import BUILD, REPOSITORY, fetch, locked, missing, run_folder

ACTIONLINT = "v1.7.12"


def tool(name: str) -> str:
    """The path of a tool that the development lock brings."""
    return str(Path(sys.executable).parent / name)


@pytest.fixture(scope="session")
def actionlint() -> str:
    """The path of actionlint: the machine's own, or the pinned one, compiled."""
    target = BUILD / f"actionlint-{ACTIONLINT}"
    if found := shutil.which("actionlint"):
        return found
    if (go := shutil.which("go")) is None:
        missing("actionlint", f"install actionlint {ACTIONLINT}, or Go to compile it with")
    with locked(run_folder() / "actionlint.lock"):
        if not (target / "actionlint").exists():
            install = [go, "install", f"github.com/rhysd/actionlint/cmd/actionlint@{ACTIONLINT}"]
            fetch("actionlint", install, cwd=REPOSITORY, env={**os.environ, "GOBIN": str(target)})
    return str(target / "actionlint")
