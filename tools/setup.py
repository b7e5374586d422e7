"""Make `.venv` from the committed lock: deploykit (editable) and what its tests and tools need. Run by `make`.

Needs Python 3.11 or newer and a way to the package index, as pip or uv are set up on the machine; nothing else.
"""

import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "images" / "mage" / "runtime")]

from deploykit.image import index_settings  # noqa: E402 - of the checkout: nothing is installed yet

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
LOCK = ROOT / "requirements-dev.txt"


def locked(name: str) -> str:
    """The lines of the lock for one distribution: its version and hashes."""
    block = re.search(rf"^{name}==.*(?:\n[ ].*)*\n", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if block is None:
        sys.exit(f"{LOCK.name} does not lock {name}: run `make lock`.")
    return block[0]


def make_venv() -> tuple[str, ...]:
    """Make the virtual environment unless it is there and works; returns how to run pip for it."""
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0
    if works and (VENV / "bin" / "pip").exists():
        return (str(PYTHON), "-m", "pip")
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (subprocess.CalledProcessError, SystemExit):  # Debian's python3 without python3-venv has no ensurepip
        venv.create(VENV, clear=True, with_pip=False)
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            sys.exit(f"{sys.executable} has neither ensurepip nor pip. On Debian: apt-get install python3-venv")
        return (sys.executable, "-m", "pip", "--python", str(PYTHON))
    return (str(PYTHON), "-m", "pip")


def main() -> None:
    """Set up, saying what takes long; every step is skipped by its tool when there is nothing to do."""
    print(f"Setting up .venv with Python {sys.version.split()[0]}", file=sys.stderr)
    pip = make_venv()
    install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([*install, "-r", "/dev/stdin"], input=locked("uv"), text=True, check=True)
    environment = index_settings.environment(None)
    sync = [str(UV), "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", str(LOCK)]
    subprocess.run(sync, cwd=ROOT, env=environment, check=True)
    # hatchling is in the lock, so the build needs no environment of its own.
    editable = [str(UV), "pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps", "--no-build-isolation"]
    subprocess.run([*editable, "--editable", "."], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        program = Path(str(error.cmd[0])).name
        sys.exit(f"Set-up stopped: `{program}` ended with {error.returncode}; its message is above.")
