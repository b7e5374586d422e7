"""How long work tells a person that it goes on, without knowing how that is shown."""

from typing import Protocol


class Progress(Protocol):
    """What `cli.output` implements."""

    def step(self, text: str) -> None:
        """Say what begins now."""

    def advance(self, name: str, done: int, total: int) -> None:
        """`done` of `total` bytes of something are there; called often."""

    def log(self, line: str) -> None:
        """One line of what another program says."""
