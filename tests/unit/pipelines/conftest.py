"""The tools that read pipelines: those of the development lock, and two that come from elsewhere."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.needs import REPOSITORY, locked, missing, run_folder

ACTIONLINT = "v1.7.12"
KINDS = Path(__file__).parent / "kinds"
BUILD = REPOSITORY / ".build"


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
            _get("actionlint", install, cwd=REPOSITORY, env={**os.environ, "GOBIN": str(target)})
    return str(target / "actionlint")


@pytest.fixture(scope="session")
def kinds() -> Path:
    """A folder with a TypeScript compiler and the types of the objects that GitOps controllers and workflows read."""
    lock = (KINDS / "package-lock.json").read_bytes()
    target = BUILD / f"kinds-{hashlib.sha256(lock).hexdigest()[:8]}"
    if (npm := shutil.which("npm")) is None:
        missing("npm", "install Node.js 20 or newer")
    with locked(run_folder() / "kinds.lock"):
        if not (target / "ready").exists():
            shutil.copytree(KINDS, target, dirs_exist_ok=True)
            _get("the types of Kubernetes objects", [npm, "ci", "--ignore-scripts", "--silent"], cwd=target)
            (target / "ready").touch()
    return target


def _get(what: str, command: list[str], *, cwd: Path, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        missing(what, f"{' '.join(command[:2])} failed: {said[-1]}")
