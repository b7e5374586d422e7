"""A progress that keeps what a person would be told."""

import threading


class Steps:
    """What was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.event = threading.Event()

    def step(self, text: str) -> None:
        self.said.append(text)
        self.event.set()

    def advance(self, name: str, done: int, total: int) -> None: ...

    def log(self, line: str) -> None: ...
