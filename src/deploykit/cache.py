"""The cache of what was fetched and read: content by its hash, answers by their key. Safe with two builds at once."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from deploykit import files
from deploykit.errors import UsageError
from deploykit.progress import Progress


def root() -> Path:
    """`$DEPLOYKIT_CACHE`, else `$XDG_CACHE_HOME/deploykit`, else `~/.cache/deploykit`; `UsageError` without a home."""
    if chosen := os.environ.get("DEPLOYKIT_CACHE"):
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deploykit"
    except RuntimeError:  # a user id without a home, as OpenShift gives them
        raise UsageError("There is no home for the cache: this user has none.", fix="set DEPLOYKIT_CACHE") from None


def blob(sha256: str) -> Path:
    """Where the content with this hash lies, once it is complete."""
    return root() / "blobs" / "sha256" / sha256


def intact(sha256: str) -> Path | None:
    """The content with this hash, where it is there and still has it. What changed on the disk is removed."""
    path = blob(sha256)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    if found != sha256:
        path.unlink(missing_ok=True)
        return None
    return path


def keep(path: Path, sha256: str) -> Path:
    """Move a complete file, whose hash was checked, to its place in the cache."""
    target = blob(sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.chmod(0o644)
    return path.replace(target)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the cache's own file system, gone when the block ends."""
    folder = root() / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name)


def only_one(key: str, progress: Progress | None = None) -> AbstractContextManager[None]:
    """Held by one process at a time for a key, so that two builds do not fetch the same 450 MB twice."""
    folder = root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return files.only_one(folder / key, "that does the same", progress=progress)


def read_json(kind: str, key: str) -> Any | None:  # noqa: ANN401 - the caller knows the shape that it wrote
    """What `write_json` stored, or None; a damaged entry counts as absent."""
    try:
        return json.loads((root() / kind / f"{key}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def write_json(kind: str, key: str, value: object) -> None:
    """Store a JSON value under a key."""
    with files.writing(root() / kind / f"{key}.json") as file:
        file.write(json.dumps(value, indent=1, sort_keys=True).encode())


def forget(kind: str, key: str) -> None:
    """Remove what `write_json` stored, if it did."""
    (root() / kind / f"{key}.json").unlink(missing_ok=True)
