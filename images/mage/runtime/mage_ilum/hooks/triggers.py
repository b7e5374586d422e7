"""What is changed of Mage's triggers: of several schedulers, one at a time makes those that a triggers.yaml names.

Mage looks whether its database has a trigger, and makes it if not, under no lock. Two schedulers that come upon the
same new one at once make it twice, and then each of the two begins every run.
"""

import functools
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Protocol

KEY = "mage_ilum_triggers"
SECONDS = 30
"""After as long Redis lets go of the lock of a scheduler that was killed."""


class _Lock(Protocol):
    """What matters here of Mage's DistributedLock."""

    def try_acquire_lock(self, key: str, timeout: int) -> bool: ...


def apply(module: ModuleType) -> None:
    """Change `PipelineSchedule.create_or_update_batch` of `mage_ai.orchestration.db.models.schedules`."""
    schedule = module.PipelineSchedule
    schedule.create_or_update_batch = staticmethod(_one_at_a_time(schedule.create_or_update_batch))


def _one_at_a_time(make: Callable[[Sequence[object]], object]) -> Callable[[Sequence[object]], object]:
    """Under the lock that the schedulers have for runs; without Redis there is one scheduler, and nothing to wait for.

    What cannot be locked is made all the same: Mage reads a triggers.yaml once, and would not come back to it.
    """

    @functools.wraps(make)
    def create_or_update_batch(triggers: Sequence[object]) -> object:
        if not triggers:  # as in nearly every round
            return make(triggers)
        from mage_ai.orchestration.utils.distributed_lock import DistributedLock

        lock = DistributedLock()
        held = _acquire(lock)
        try:
            return make(triggers)
        finally:
            if held:
                lock.release_lock(KEY)

    return create_or_update_batch


def _acquire(lock: _Lock) -> bool:
    from redis import RedisError

    limit = time.monotonic() + SECONDS
    try:
        while not lock.try_acquire_lock(KEY, timeout=SECONDS):
            if time.monotonic() > limit:
                return False
            time.sleep(0.1)
    except RedisError:
        return False
    return True
