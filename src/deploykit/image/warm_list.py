"""What a worker imports of a Mage release: `images/mage/warm/<release>.txt`, recorded where an engine could run it.

One source per line, relative to the base's `lib/pythonX.Y`. `tools/warm_list.py` writes it.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from deploykit import assets, catalog


def path(release: str) -> Path:
    """Where the list of a release lies, if somebody recorded one."""
    return assets.image() / "warm" / f"{release}.txt"


@cache
def names(release: str) -> tuple[str, ...]:
    """The sources of a release, in order; none where there is no list."""
    if release not in catalog.load().mage or not path(release).is_file():
        return ()
    return tuple(path(release).read_text(encoding="utf-8").split())


def sha256(release: str) -> str:
    """What tells the list of a release from another one."""
    return _sha256(names(release))


@cache
def of_all() -> frozenset[str]:
    """The sources of every release: while a base is read, which one it holds is not known yet."""
    return frozenset(name for release in catalog.load().mage for name in names(release))


@cache
def sha256_of_all() -> str:
    """What tells all lists from those of another deploykit."""
    return _sha256(sorted(of_all()))


def _sha256(listed: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()
