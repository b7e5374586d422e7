"""What the files of a base say, as far as an image on it has to know: a few texts, links, names and versions."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

FORMAT = 1
"""Facts that another version of this reader wrote are read anew."""
HOPS = 20


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One distribution of Python, as its metadata has it."""

    name: str
    version: str
    requires: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Of one layer, or of several as one on top of the other. Paths are without the first slash.

    `names`: files and folders that are there: shared libraries, programs called python, the top of Python's folders.
    `versions`: of glibc and Python, by the file that says it. `gone` and `opaque` are what a layer takes away.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()

    def real(self, path: str) -> str:
        """A path as it is behind all links."""
        path = path.lstrip("/")
        for _ in range(HOPS):
            head = ""
            parts = path.split("/")
            for number, part in enumerate(parts):
                head = posixpath.join(head, part)
                if (target := self.links.get(head)) is not None:
                    rest = posixpath.join(*parts[number + 1 :]) if parts[number + 1 :] else ""
                    path = posixpath.normpath(posixpath.join("/", posixpath.dirname(head), target, rest)).lstrip("/")
                    break
            else:
                return path
        return path

    def text(self, path: str) -> str | None:
        """The content of one of the files that are kept."""
        return self.texts.get(self.real(path))

    def exists(self, path: str) -> bool:
        """Whether a file of the kinds in `names` is there."""
        return self.real(path) in self.names

    def is_program(self, path: str) -> bool:
        """Whether a kept file may be executed."""
        return self.real(path) in self.programs

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        sets = {name: sorted(getattr(self, name)) for name in ("names", "programs", "gone", "opaque")}
        return {**asdict(self), **sets, "format": FORMAT}

    @classmethod
    def from_json(cls, value: object) -> "Facts | None":
        """The facts that `to_json` wrote; None where it is something else, or of another version."""
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            return None
        known = {one.name: value[one.name] for one in fields(cls)}
        sets = {name: frozenset(known[name]) for name in ("names", "programs", "gone", "opaque")}
        distributions = {
            path: Distribution(name=entry["name"], version=entry["version"], requires=tuple(entry["requires"]))
            for path, entry in known["distributions"].items()
        }
        return cls(**{**known, **sets, "distributions": distributions})


def stacked(layers: Iterable[Facts]) -> Facts:
    """Layers, lowest first, as one: what is above replaces what is below, and whiteouts take away."""
    below = Facts()
    for above in layers:
        below = _on_top(below, above)
    return below


def _on_top(below: Facts, above: Facts) -> Facts:
    links = frozenset(above.links)
    files = above.names | frozenset(above.texts)

    def stays(path: str) -> bool:
        parts = path.split("/")
        folders = {"/".join(parts[:count]) for count in range(1, len(parts))}
        return path not in links and path not in above.gone and not folders & (above.gone | above.opaque | links)

    def merged(name: str) -> dict[str, Any]:
        return {path: value for path, value in getattr(below, name).items() if stays(path)} | dict(getattr(above, name))

    return Facts(
        texts=merged("texts"),
        links={path: target for path, target in merged("links").items() if path not in files},
        names=frozenset(filter(stays, below.names)) | above.names,
        programs=frozenset(path for path in below.programs if stays(path) and path not in files) | above.programs,
        versions=merged("versions"),
        distributions=merged("distributions"),
    )
