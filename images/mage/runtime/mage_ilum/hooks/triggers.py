"""What is changed of Mage's triggers: of several schedulers, one at a time makes those that a triggers.yaml names.

Mage looks whether its database has a trigger, and makes it if not, under no lock. Two schedulers that come upon the
same new one at once make it twice, and then each of the two begins every run.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Protocol

KEY = "mage_ilum_triggers"
SECONDS = 120
"""How long Redis keeps the lock of a scheduler that was killed, and how long making them may take."""


class _Lock(Protocol):
    """What matters here of Mage's DistributedLock."""

    def try_acquire_lock(self, key: str, timeout: int) -> bool: ...
    def release_lock(self, key: str) -> None: ...


class _Scheduler(Protocol):
    """What matters here of Mage's modules with a scheduler."""

    lock: _Lock
    sync_schedules: Callable[[Sequence[str]], None]


def apply(module: _Scheduler) -> None:
    """Change `sync_schedules` of Mage's scheduler: under the lock that it has for runs, which is none without Redis."""
    module.sync_schedules = _one_at_a_time(module.sync_schedules, module.lock)


def _one_at_a_time(sync: Callable[[Sequence[str]], None], lock: _Lock) -> Callable[[Sequence[str]], None]:
    @functools.wraps(sync)
    def sync_schedules(pipeline_uuids: Sequence[str]) -> None:
        if not lock.try_acquire_lock(KEY, timeout=SECONDS):
            return  # another is at it; nothing was read yet, so that the next round, in seconds, misses nothing
        try:
            sync(pipeline_uuids)
        finally:
            lock.release_lock(KEY)

    return sync_schedules
