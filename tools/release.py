"""What a release consists of, for the jobs of its workflow: lines `name=value` on stdout, none where the tag is wrong.

tools/release.py v0.1.0 >>"$GITHUB_OUTPUT"
"""

import json
import re
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.version import Version

from deploykit import assets, catalog

ROOT = Path(__file__).parents[1]


def released(tag: str) -> dict[str, str]:
    """The versions of package and chart, and the Sparks to build images for; `ValueError` where the tag is another."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if tag != f"v{version}":
        raise ValueError(f"The tag is {tag}, and pyproject.toml says {version}: tag v{version}, or change the version.")
    chart = yaml.safe_load((assets.chart() / "Chart.yaml").read_text(encoding="utf-8"))["version"]
    return {"version": version, "chart": chart, "spark": json.dumps(sparks())}


def sparks() -> list[str]:
    """The newest known patch of each Spark line that has a committed lock."""
    locks = (assets.image() / "locks").glob("mage-*-spark-*.toml")
    lines = {match[1] for lock in locks if (match := re.search(r"-spark-(\d+\.\d+)-", lock.name))}
    known = catalog.load().lines
    return [max(known[line].patches, key=Version) for line in sorted(lines, key=Version)]


if __name__ == "__main__":
    try:
        for name, value in released(sys.argv[1]).items():
            print(f"{name}={value}")
    except ValueError as error:
        sys.exit(str(error))
