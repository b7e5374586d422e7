"""Spark versions as people, servers and image tags write them."""

import re
from dataclasses import dataclass
from functools import total_ordering

_EXACT = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-.+]([A-Za-z0-9][A-Za-z0-9.+-]*))?")


@total_ordering
@dataclass(frozen=True)
class SparkVersion:
    """An exact Spark version, such as `4.1.1`, or `3.5.3-delta` as a flavoured image calls it."""

    major: int
    minor: int
    patch: int
    suffix: str = ""

    @classmethod
    def parse(cls, text: str) -> "SparkVersion":
        """Read `X.Y.Z`, with or without a suffix; raises `ValueError` for anything else."""
        match = _EXACT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a Spark version such as 4.1.1")
        major, minor, patch, suffix = match.groups()
        return cls(int(major), int(minor), int(patch), suffix or "")

    @property
    def line(self) -> str:
        """The Spark line, such as `4.1`."""
        return f"{self.major}.{self.minor}"

    @property
    def release(self) -> str:
        """The version without its suffix: what PyPI calls it."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def key(self) -> tuple[int, int, int]:
        """What versions are ordered by; a flavour does not count."""
        return (self.major, self.minor, self.patch)

    def __lt__(self, other: "SparkVersion") -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        return f"{self.release}-{self.suffix}" if self.suffix else self.release
