"""How a registry is waited for that wants to be left alone, or is in trouble: one rule for questions, and one for work.

A question has a limit, and waits for nothing beyond it. Work, which has a `Progress`, has sent or read much already: it
waits as long as the registry asks to, up to two minutes. Where that does not say, both wait a little longer each time.
"""

import time

from deploykit.progress import Progress
from mage_ilum.deadline import Deadline

WORK_SECONDS = 120.0
TRIES = 3
LONGEST_PAUSE = 5.0


class Backoff:
    """How long one thing that may be tried again is still waited for; `limit`: of a question."""

    def __init__(
        self, repository: str, *, tries: int = TRIES, limit: Deadline | None = None, progress: Progress | None
    ) -> None:
        self._repository = repository
        self._left = WORK_SECONDS
        self._tries = tries
        self._tried = 0
        self._limit = limit
        self._progress = progress

    def reset(self) -> None:
        """It went on: what broke off now begins to count anew."""
        self._left, self._tried = WORK_SECONDS, 0

    def again(self, asked: float | None = None) -> bool:
        """Wait, and whether to try again then: not after the last try, nor where the registry asks for too much.

        `asked`: the seconds that the registry asks to wait, None where it says nothing.
        """
        if asked:
            pause = asked
            self._left -= asked
        else:
            self._tried += 1
            pause = min(0.1 * 2**self._tried, LONGEST_PAUSE)
        if self._left < 0 or self._tried >= self._tries or (self._limit is not None and pause >= self._limit.left):
            return False
        if asked and self._progress is not None:
            self._progress.step(f"The registry of {self._repository} asks to wait: going on in {asked:.0f} s")
        time.sleep(pause)
        return True
