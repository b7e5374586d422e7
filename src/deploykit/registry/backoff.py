"""How a registry is waited for that wants to be left alone, or is in trouble: one rule for questions, and one for work.

A question waits no longer than its own limit. Work, which has a `Progress`, has sent or read much already: it waits as
long as the registry asks to, up to two minutes. Where the registry does not say, both wait a little longer each time.
"""

import time

from deploykit.progress import Progress

WORK_SECONDS = 120.0
TRIES = 3
LONGEST_PAUSE = 5.0


class Backoff:
    """How long one thing that may be tried again is still waited for. `seconds`: in all, when the registry asks to."""

    def __init__(
        self, repository: str, *, seconds: float = WORK_SECONDS, tries: int = TRIES, progress: Progress | None
    ) -> None:
        self._repository = repository
        self._seconds = self._left = seconds
        self._tries = tries
        self._tried = 0
        self._progress = progress

    def reset(self) -> None:
        """It went on: what broke off now begins to count anew."""
        self._left, self._tried = self._seconds, 0

    def again(self, asked: float | None = None) -> bool:
        """Wait, and whether to try again then: not after the last try, nor where the registry asks for too much.

        `asked`: the seconds that the registry asks to wait, None where it says nothing.
        """
        if asked:
            self._left -= asked
            if self._left < 0:
                return False
            if self._progress is not None:
                self._progress.step(f"The registry of {self._repository} asks to wait: going on in {asked:.0f} s")
            time.sleep(asked)
            return True
        self._tried += 1
        if self._tried >= self._tries:
            return False
        time.sleep(min(0.1 * 2**self._tried, LONGEST_PAUSE))
        return True
