"""Image references: their parts, and whether they say which image exactly."""

import re
from dataclasses import dataclass

from deploykit.errors import UsageError

_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?:[a-z0-9][A-Za-z0-9._-]*(?::[0-9]+)?/)?{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MOVING = re.compile(
    r"(canary|dev|develop|edge|head|main|master|nightly|snapshot|stable|trunk)|(.*[-_.])?latest([-_.].*)?",
    re.IGNORECASE,
)
"""As in the chart's templates/_validate.tpl."""


def moves(tag: str) -> bool:
    """Whether a tag is one that is known to mean another image from time to time; none means `latest`.

    >>> [moves(tag) for tag in ("", "latest", "3.5-latest", "stable", "0.9.80-spark3.5.7-slim-0123abcd", "stable-7")]
    [True, True, True, True, False, False]
    """
    return not tag or MOVING.fullmatch(tag) is not None


@dataclass(frozen=True)
class ImageReference:
    """One exact image: `REPOSITORY[:TAG][@sha256:DIGEST]`, with a tag or a digest or both."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def version(self) -> str:
        """What a registry is asked for: the digest, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    @classmethod
    def split(cls, text: str) -> "ImageReference":
        """The parts of what may be any text.

        >>> ImageReference.split("registry.example:5000/mage:1@sha256:0")
        ImageReference(repository='registry.example:5000/mage', tag='1', digest='sha256:0')
        >>> ImageReference.split("registry.example:5000/mage").version
        'latest'
        """
        name, _, digest = text.partition("@")
        folder, slash, last = name.rpartition("/")
        last, _, tag = last.partition(":")
        return cls(f"{folder}{slash}{last}", tag, digest)

    @classmethod
    def read(cls, text: str) -> "ImageReference | None":
        """A reference as registries take it; None where the text is none."""
        found = cls.split(text)
        whole = (
            str(found) == text
            and _REPOSITORY.fullmatch(found.repository)
            and (not found.tag or _TAG.fullmatch(found.tag))
            and (not found.digest or _DIGEST.fullmatch(found.digest))
        )
        return found if whole else None

    @classmethod
    def parse(cls, text: str) -> "ImageReference":
        """Read a reference; raises `UsageError` when it does not say which image exactly."""
        if _DIGEST.fullmatch(text):
            raise UsageError(
                f"{text[:19]}... is the id of an image that was not pushed yet",
                why="a cluster pulls images by the name of a repository in a registry; only the engine "
                "that built it knows its id",
                fix="deploykit image --push, with the same options, and take the reference that it prints",
            )
        found = cls.read(text)
        if found is None:
            raise UsageError(
                f"{text!r} is not an image reference",
                fix="--image registry.example/mage-ilum:TAG@sha256:..., as `deploykit image` prints it",
            )
        if re.fullmatch("[0-9a-f]{12}", text):
            raise UsageError(
                f"{text} looks like the short id of an image, which no cluster knows",
                fix="the reference that `deploykit image --push` prints",
            )
        if not found.digest and moves(found.tag):
            raise UsageError(
                f"{text!r} does not say which image exactly",
                why=f"`{found.tag or 'latest'}` changes under a running release, and drifts away from the Spark that "
                "the server runs",
                fix="name a fixed tag or a digest, as `deploykit image` prints it",
            )
        return found
