"""Lays out what is ours beside the client: runtime library, default project, constraints, start script, folders.

Usage: mage_ilum.py ROOT SITE_PACKAGES BASE

ROOT stands for `/` of the image, SITE_PACKAGES is a path in it, BASE stands for `/` of the base: its start script is
read there, and its users. The rest lies beside this program, or in the folder above it. Compiled by `bytecode.py`.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Python reads this at its start: where the library is, and the hook that waits for Mage and PySpark (hooks/start.py).
PTH = "/opt/mage-ilum/lib\nimport mage_ilum.hooks.start; mage_ilum.hooks.start.install()\n"


def source(name: str) -> Path:
    """A file or folder of the build context, where a build stage or the machine has it."""
    return next(path for path in (HERE / name, HERE.parent / name) if path.exists())


def main(root: Path, site_packages: str, base: Path) -> None:
    ours = root / "opt" / "mage-ilum"
    for folder in (ours / "lib", root / site_packages.lstrip("/"), root / "app", root / "home/mage"):
        folder.mkdir(parents=True)
    shutil.copytree(source("runtime") / "mage_ilum", ours / "lib" / "mage_ilum")
    shutil.copytree(source("project"), ours / "project")
    for name in ("constraints.txt", "lock.json"):
        shutil.copyfile(source(name), ours / name)
    for path in (ours, *ours.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (root / site_packages.lstrip("/") / "mage_ilum.pth").write_text(PTH)
    for path, text in (("run_app.mage.sh", base / "app/run_app.sh"), ("run_app.sh", source("run_app.sh"))):
        shutil.copyfile(text, root / "app" / path)
        (root / "app" / path).chmod(0o755)
    # ssh, which Mage's Git runs, and a local Spark ask the system for their user's name, and stop where it has none.
    users = (base / "etc/passwd").read_bytes()
    if not any(line.split(b":")[2:3] == [b"1000"] for line in users.splitlines()):
        (root / "etc").mkdir()
        (root / "etc/passwd").write_bytes(users + b"mage:x:1000:0::/home/mage:/bin/sh\n")
    # Any user id of group 0 may write where Mage writes.
    for folder in ("home/mage", "home/src", "home/src/mage_data"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder).chmod(0o775)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
