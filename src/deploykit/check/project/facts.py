"""What a project and the place it runs in look like. The standard library alone: in a pod this very text is run.

    python3 -c "$(cat facts.py)" [PROJECT]     prints the facts as JSON

Without a folder it looks at the pod it runs in: the project is `USER_CODE_PATH`'s, as Mage's start script has it.
"""

import json
import os
import platform
import shutil
import site
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TypeAlias

Facts: TypeAlias = "dict[str, str | float | bool | None]"


def of_folder(project: Path) -> Facts:
    """The files of a project that decide."""
    return {
        "project": str(project),
        "metadata": _text(project / "metadata.yaml"),
        "requirements": _text(project / "requirements.txt"),
    }


def of_this_pod() -> Facts:
    """The project, and the image and process that it runs in."""
    project = Path(os.environ.get("USER_CODE_PATH") or "default_repo")
    spec = PathFinder.find_spec("pyspark", _search_path())
    package = Path(spec.origin).parent if spec and spec.origin else None
    spark_home = Path(os.environ.get("SPARK_HOME") or package or "/nonexistent")
    return {
        **of_folder(project if project.is_absolute() else Path("/home/src") / project),
        "constraints": _text(Path(os.environ.get("PIP_CONSTRAINT") or "/nonexistent")),
        "python": platform.python_version(),
        "locked": _text(Path("/opt/mage-ilum/lock.json")),
        "pyspark": _version(package),
        "pyspark_changed": (package / "version.py").stat().st_mtime if package else None,
        "started": _started(),
        "java": shutil.which("java") is not None or "JAVA_HOME" in os.environ,
        "jars": package is not None and any((spark_home / "jars").glob("spark-core_*.jar")),
        "spark_remote": "SPARK_REMOTE" in os.environ,
    }


def _search_path() -> list[str]:
    """Where Mage's Python looks, though this one is isolated: without root, pip installs among the user's packages."""
    alone = "PYTHONNOUSERSITE" in os.environ or sys.prefix != sys.base_prefix
    first = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    return [*first, *([] if alone else [site.getusersitepackages()]), *sys.path]


def _version(package: Path | None) -> str | None:
    """What PySpark calls itself, without importing it, which takes seconds."""
    names: dict[str, str] = {}
    if package is not None:
        exec((package / "version.py").read_text(encoding="utf-8"), names)
    return names.get("__version__")


def _started() -> float | None:
    """When the container's first process began, in seconds since 1970."""
    try:
        ticks = int(Path("/proc/1/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


if __name__ == "__main__":
    print(json.dumps(of_folder(Path(sys.argv[1])) if len(sys.argv) > 1 else of_this_pod()))
