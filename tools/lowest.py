"""Run the unit tests with the lowest version of each dependency that `pyproject.toml` allows. Run by `make lowest`.

What these need in turn is the newest that fits, and the tests' own tools are as locked.
"""

import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploykit.image import index_settings

ROOT = Path(__file__).parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
FOLDER = ROOT / ".build" / "lowest"
PYTHON = FOLDER / "bin" / "python"


def tools() -> list[str]:
    """The `dev` group, each at the version of the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    names = [canonicalize_name(Requirement(line).name) for line in project["dependency-groups"]["dev"]]
    return [f"{name}=={locked[name]}" for name in names]


def main() -> int:
    environment = index_settings.environment(None)
    venv.create(FOLDER, clear=True, with_pip=True)
    install = [str(UV), "pip", "install", "--quiet", "--python", str(PYTHON)]
    lowest = ["--resolution", "lowest-direct", "--upgrade", "--editable", "."]
    for what in (tools(), lowest):  # one after the other: a tool that wants more than we do would raise the bound
        subprocess.run([*install, *what], cwd=ROOT, env=environment, check=True)
    # The tools that look at docs/pipelines want newer versions themselves.
    tests = ["-n", "auto", "--maxprocesses", "4", "tests/unit", "--ignore", "tests/unit/pipelines", *sys.argv[1:]]
    return subprocess.run([PYTHON, "-m", "pytest", *tests], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"`{error.cmd[0]}` ended with {error.returncode}; its message is above.")
