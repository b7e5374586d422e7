"""Files that several processes may work on: one of these at a time, and each file whole or not at all."""

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from deploykit.errors import BuildError, UsageError
from deploykit.progress import Progress

_told: set[int] = set()
"""The devices without locks of which it was said."""


@contextmanager
def only_one(path: Path, doing: str, *, progress: Progress | None, seconds: float = math.inf) -> Iterator[None]:
    """Held by one process at a time for a file, which is made, or for a folder, in which nothing is left.

    `doing` is what another one does then. Raises `BuildError` when that takes it longer than `seconds`. On a file
    system without locks, as NFS and FUSE may be, nobody waits, and it is said.
    """
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(handle, path, doing, progress, seconds)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path, doing: str, progress: Progress | None, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    said = False
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise BuildError(
                    f"Another deploykit {doing} has not ended within {seconds:.0f} s.",
                    fix="wait for it, or end it; nothing is left locked when it has ended",
                ) from None
            if progress is not None and not said:
                limit = "" if seconds == math.inf else f", {seconds:.0f} s at most"
                progress.step(f"Waiting for another deploykit {doing}{limit}")
                said = True
            time.sleep(0.1)
        except OSError:
            device = os.fstat(handle).st_dev
            if progress is not None and device not in _told:
                progress.step(f"{path} is on a file system without locks: let no other deploykit work there meanwhile")
                _told.add(device)
            return None


@contextmanager
def writing(target: Path, *, alone: bool = False) -> Iterator[IO[bytes]]:
    """A file that becomes `target` all at once when the block ends well, and leaves nothing behind when it does not.

    It has the rights of the one that it replaces, a new one those that the umask leaves. `alone`: nobody else writes it
    meanwhile. Then what is being written has one name, so that a killed process leaves nothing that the next one does
    not use up.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part" if alone else f".{target.name}.part-{uuid4().hex}")
    with part.open("wb") as file:
        try:
            if target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
            yield file
            file.flush()
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write(path: Path, content: str | bytes, *, fix: str, alone: bool = False) -> None:
    """Write a file for people, as `writing` does; a link stays one, and a pipe or a device is written to.

    Raises `UsageError`, where `fix` is what helps.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        with writing(path.resolve(), alone=alone) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", why=error.strerror or "", fix=fix) from None


def read_text(file: Path) -> str:
    """The text of a file; raises `UsageError` that says why it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read", why=getattr(error, "strerror", "") or "not UTF-8") from None
