"""The tools that read pipelines: those of the development lock, and one that comes from elsewhere."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.needs import BUILD, REPOSITORY, fetch, locked, missing, run_folder

ACTIONLINT = "v1.7.12"


@dataclass(frozen=True)
class Machine:
    """What a script runs on: its programs only note how they are called, and do what a test says."""

    folder: Path

    def program(self, name: str, does: str = "") -> None:
        """A program; `does` are lines of sh."""
        path = self.folder / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/calls\n{does}\n', encoding="utf-8")
        path.chmod(0o755)

    def bash(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script as CI systems do, in the folder `work`."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder), **environment},
            cwd=self.folder / "work",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """Each call of a program, with its arguments."""
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for name in ("bin", "work"):
        (tmp_path / name).mkdir()
    return Machine(tmp_path)


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
