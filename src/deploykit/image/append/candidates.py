"""Images of ours that may have a layer, by their tags alone: those first that most likely have it.

How old an image is, no tag says. Each that is looked at costs some 10 kB and three questions, which registries count.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploykit.plan import WARM, Plan

NEAR = 8
"""Images to look at for a layer that is made here in seconds."""
FAR = 30
"""The same for one that takes a download, of Java or of the base's layers."""
_TAG = re.compile(r"(?P<mage>[\w.]+)-spark(?P<spark>\d+\.\d+\.\d+)-(?P<profile>[a-z]+)-[0-9a-f]{8}")


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Tags of all images that may have a layer, in order; `costly`: it takes a download to make."""

    tags: tuple[str, ...]
    costly: bool

    @property
    def limit(self) -> int:
        """How many are to be looked at."""
        return FAR if self.costly else NEAR

    @property
    def first(self) -> tuple[str, ...]:
        """Those to look at."""
        return self.tags[: self.limit]

    @property
    def beyond(self) -> int:
        """How many are not to be looked at though the layer is worth it."""
        return max(len(self.tags) - FAR, 0) if self.costly else 0


def candidates(layer: str, plan: Plan, tags: Iterable[str]) -> Candidates:
    """The images that may have a layer of this name for a plan, of a repository whose tags these are.

    The Java runtime of a profile is the same for every Mage and Spark until Debian mends it: after the nearest images
    come those of the highest versions, which as a rule were made last. Bytecode is of one base, and so of one Mage.
    """
    near = sorted(filter(None, map(_Tag.read, tags)), key=lambda tag: tag.distance(plan))
    if layer == "jre":
        near = [tag for tag in near if tag.profile == plan.profile]
        near = near[:NEAR] + sorted(near[NEAR:], key=lambda tag: (tag.mage, tag.spark), reverse=True)
    elif layer == WARM:
        near = [tag for tag in near if tag.mage == _numbers(plan.mage)]
    return Candidates(tags=tuple(tag.text for tag in near), costly=layer in ("jre", WARM))


@dataclass(frozen=True, kw_only=True)
class _Tag:
    """A tag of our form, and what it says of its image."""

    text: str
    mage: Sequence[int]
    spark: Sequence[int]
    profile: str

    @classmethod
    def read(cls, text: str) -> "_Tag | None":
        found = _TAG.fullmatch(text)
        if found is None:
            return None
        return cls(text=text, mage=_numbers(found["mage"]), spark=_numbers(found["spark"]), profile=found["profile"])

    def distance(self, plan: Plan) -> tuple[bool, bool, list[int], str]:
        """Least of all for the image that shares most with the plan's."""
        apart = [abs(there - here) for there, here in zip(self.spark, _numbers(plan.spark.release), strict=True)]
        return self.mage != _numbers(plan.mage), self.profile != plan.profile, apart, self.text


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
