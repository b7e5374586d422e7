"""Registries, asked beside something else, all within the same seconds."""

from collections.abc import Iterable
from functools import partial

from deploykit.asking import Asking
from deploykit.check.image.labels import Registered, ask
from mage_ilum.deadline import Deadline


class Registries:
    """What registries say of images, asked from now on."""

    def __init__(self, references: Iterable[str], *, seconds: float) -> None:
        self._deadline = Deadline(seconds)
        self._asking = Asking[str, Registered | None]()
        for reference in frozenset(references):
            self._asking.ask(reference, partial(ask, reference))

    def answers(self) -> dict[str, Registered | None]:
        """By reference, at the latest when the time is over; without those that were silent."""
        return self._asking.answers(self._deadline)
