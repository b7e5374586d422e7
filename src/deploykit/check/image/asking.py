"""Registries, asked beside something else: each in a thread of its own, which is left behind when it is silent."""

import threading
from collections.abc import Iterable
from queue import Empty, SimpleQueue

from deploykit.check.image.labels import Registered, ask
from mage_ilum.deadline import Deadline


class Asking:
    """What registries say of images, asked from now on; all have the same `seconds`.

    Looking up a name takes no time limit, so the threads are daemons: none keeps the process alive.
    """

    def __init__(self, references: Iterable[str], *, seconds: float) -> None:
        self._deadline = Deadline(seconds)
        self._answers: SimpleQueue[tuple[str, Registered | None]] = SimpleQueue()
        self._references = frozenset(references)
        for reference in self._references:
            threading.Thread(target=self._ask, args=(reference,), name=f"registry-{reference}", daemon=True).start()

    def answers(self) -> dict[str, Registered | None]:
        """By reference, at the latest when the time is over; without those that were silent."""
        found = dict[str, Registered | None]()
        while len(found) < len(self._references):
            try:
                reference, answer = self._answers.get(timeout=self._deadline.left)
            except Empty:
                break
            found[reference] = answer
        return found

    def _ask(self, reference: str) -> None:
        self._answers.put((reference, ask(reference)))
