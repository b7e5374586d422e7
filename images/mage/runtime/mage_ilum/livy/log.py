"""Livy's log as it grows.

Livy keeps the last 200 lines of each of several parts in memory, so that positions mean nothing: lines vanish at the
beginning and come in at the end of any part. What is new is found by comparing.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

_HEADINGS = frozenset({"", "stdout:", "stderr:", "YARN Diagnostics:", "Kubernetes Diagnostics:"})


class GrowingLog:
    """Tells which lines of a log are new.

    >>> log = GrowingLog()
    >>> log.new_lines(["stdout: ", "one"]), log.new_lines(["stdout: ", "one", "two"])
    (['one'], ['two'])
    """

    def __init__(self) -> None:
        self._seen: list[str] = []

    def new_lines(self, lines: Sequence[str]) -> list[str]:
        """The lines that were not there the last time, without Livy's headings."""
        now = [line.rstrip() for line in lines if line.strip() not in _HEADINGS]
        changes = SequenceMatcher(None, self._seen, now, autojunk=False).get_opcodes()
        self._seen = now
        return [line for kind, _, _, begin, end in changes if kind in ("insert", "replace") for line in now[begin:end]]
