"""One limit for several steps, so that together they take no longer than was promised."""

import time


class Deadline:
    """A point in time, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left; never quite zero, because a socket takes zero for "do not block"."""
        return max(self._end - time.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self._end

    def share(self, part: float) -> "Deadline":
        """An earlier deadline, at this part of the time that is left."""
        earlier = Deadline(self.left * part)
        earlier.seconds = self.seconds
        return earlier
