"""What deploykit itself puts into an image, or runs while it is built: its files, and their hashes."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from deploykit import assets
from deploykit.image import pyspark_wheel

NAMES = ("Dockerfile.j2", "stages", "runtime", "project")


def label(hashes: Mapping[str, str]) -> str:
    """The start of a SHA-256 of all that this deploykit itself puts into an image: another release may differ."""
    value = [pyspark_wheel.FORMAT, hashes]
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def hashes() -> dict[str, str]:
    """The hash of each file that is copied or run while the image is built."""
    root = assets.image()
    files = [path for name in NAMES for path in ([root / name] if (root / name).is_file() else published(root / name))]
    return {
        str(path.relative_to(root)): f"{is_executable(path):d}-{hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(files)
    }


def published(folder: Path) -> list[Path]:
    """The files of a folder as they are published: without what running them left behind."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def is_executable(path: Path) -> bool:
    """Whether a source file is published as a program."""
    return bool(path.stat().st_mode & 0o100)
