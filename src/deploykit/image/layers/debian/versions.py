"""Debian's order of versions, as its policy manual has it (5.6.12)."""

import re
from functools import total_ordering


@total_ordering
class order:  # noqa: N801 - used as a function: `sorted(versions, key=order)`
    """A version that compares as dpkg compares it."""

    def __init__(self, version: str) -> None:
        epoch, colon, rest = version.rpartition(":")
        upstream, dash, revision = rest.rpartition("-")
        self.key = (int(epoch) if colon else 0, _key(upstream if dash else rest), _key(revision if dash else ""))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, order) and self.key == other.key

    def __lt__(self, other: "order") -> bool:
        return self.key < other.key

    __hash__ = None  # type: ignore[assignment]


def _key(text: str) -> list[tuple[list[tuple[int, int]], int]]:
    """Text and number by turns. `~` comes before the end, the end before letters, letters before all else."""
    parts = re.findall(r"(\D*)(\d*)", text)
    return [([_rank(character) for character in other] + [(0, 0)], int(number or 0)) for other, number in parts]


def _rank(character: str) -> tuple[int, int]:
    kind = -1 if character == "~" else 1 if character.isalpha() else 2
    return kind, ord(character)
