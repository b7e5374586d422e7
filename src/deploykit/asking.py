"""Questions asked side by side: one that is never answered costs its own answer, and no more."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from mage_ilum.deadline import Deadline

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Asking(Generic[Key, Answer]):
    """Each question has a thread of its own, a daemon: the look-up of a name and a login program take no limit, and
    what hangs in one is left behind. `waiting` are the keys without an answer, in the order in which they were asked.
    """

    def __init__(self) -> None:
        self.waiting: list[Key] = []
        self._answers: SimpleQueue[tuple[Key, Callable[[], Answer]]] = SimpleQueue()

    def ask(self, key: Key, question: Callable[[], Answer]) -> None:
        """Ask from now on."""
        self.waiting.append(key)
        threading.Thread(target=self._ask, args=(key, question), daemon=True).start()

    def answer(self, seconds: float) -> tuple[Key, Answer] | None:
        """The next answer; None where there is none within `seconds`. Raises what its question raised."""
        try:
            key, answer = self._answers.get(timeout=max(seconds, 0.001))
        except Empty:
            return None
        self.waiting.remove(key)
        return key, answer()

    def answers(self, limit: Deadline) -> dict[Key, Answer]:
        """All that come within the limit; raises as `answer` does."""
        found: dict[Key, Answer] = {}
        while self.waiting and (answered := self.answer(limit.left)) is not None:
            key, found[key] = answered
        return found

    def _ask(self, key: Key, question: Callable[[], Answer]) -> None:
        future = Future[Answer]()
        try:
            future.set_result(question())
        except Exception as error:
            future.set_exception(error)
        self._answers.put((key, future.result))
