"""The files of a sync, in a checkout that others may work in: one process at a time, each file whole or not at all."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploykit.errors import BuildError, UsageError
from deploykit.progress import Progress

WAIT_SECONDS = 1800.0
"""How long to wait for another sync, which may be building."""


@contextmanager
def only_one(folder: Path, *, progress: Progress, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Held by one process at a time for a folder. The folder itself is locked, so that nothing is left in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"{folder} cannot be used.", why=error.strerror or "", fix="another --values") from None
    try:
        _lock(handle, folder, progress, seconds)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path, progress: Progress, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    said = False
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise BuildError(
                    f"Another deploykit has been at work in {folder} for {seconds:.0f} s.",
                    fix="wait for it, or end it; nothing is left locked when it has ended",
                ) from None
            if not said:
                progress.step(f"Waiting for another deploykit at work in {folder}, {seconds:.0f} s at most")
                said = True
            time.sleep(0.1)
        except OSError:
            progress.step(f"{folder} is on a file system without locks: keep other syncs away from it")
            return None


def write(path: Path, text: str) -> None:
    """Write the file, whole or not at all, with the rights that it has; raises `UsageError`.

    What is being written has one fixed name, so that a killed sync leaves nothing that the next one does not use up.
    """
    target = path.resolve()
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), target.stat().st_mode & 0o777 if target.exists() else 0o644)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written.", why=error.strerror or "", fix="another --values") from None
