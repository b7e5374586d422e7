"""What must hold in an image before it gets its tag, as far as its files tell it: nothing of it is run.

Every file of a wheel against the wheel's own record, distributions and their versions against the lock, programs and
libraries against the platform and against what the base has, and what is imported at the start against what is there.
"""

import base64
import csv
import hashlib
import importlib.metadata
import io
import posixpath
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from deploykit.errors import BuildError
from deploykit.image import context
from deploykit.image.append import elf, imports, stream
from deploykit.image.append.facts import Facts
from deploykit.image.layers import LayerFile
from deploykit.image.verify import Check
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry.contents import FileContent

STARTS = ("grpc_status.rpc_status", "google.rpc.error_details_pb2", "pyspark.sql.connect.session", "mage_ilum")
"""What `verify` imports inside an image."""
OURS = "opt/mage-ilum/lib"
DESKTOP = re.compile(r"opt/java/lib/lib(awt\w*|fontmanager|freetype|javajpeg|jsound|lcms|mlib_image|splashscreen)\.so")
"""Loaded when a program draws; what these need is in no headless package, and not in an image that an engine built."""


@dataclass(kw_only=True)
class Added:
    """What is kept of the files of our layers while they are read, one after the other."""

    hashes: dict[str, str] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    libraries: dict[str, elf.Elf] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    unread: frozenset[str] = frozenset()

    def see(self, path: str, data: bytes) -> None:
        """Take one file in."""
        name = posixpath.basename(path)
        if name.startswith(".wh."):
            self.removed.append(path)
        if data.startswith(elf.MAGIC) and (read := elf.read(data)) is not None:
            self.libraries[path] = read
        self.hashes[path] = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        if path.endswith(".py"):
            self.sources[path] = data
        elif posixpath.dirname(path).endswith(".dist-info") or path.startswith(("opt/mage-ilum/", "opt/java/release")):
            self.texts[path] = data


def verify(
    plan: Plan, facts: Facts, made: Mapping[str, LayerFile], *, unread: Collection[str], progress: Progress
) -> None:
    """Look at every file of the layers that were made; raises `BuildError` that lists what does not hold.

    Those in `unread` lie in the registry: they were looked at when they were made.
    """
    progress.step("Verifying the files of the new layers")
    added = Added(unread=frozenset(unread))
    for layer in made.values():
        content = FileContent(digest=layer.digest, size=layer.size, path=layer.path)
        for member, read in stream.entries(content, progress=progress):
            if member.isreg():
                added.see(member.name.removeprefix("./").strip("/"), read())
    checks = problems(plan, facts, added)
    for check in checks:
        progress.step(f"{'FAIL' if check.problem else 'ok'}: {check.name}")
    if failed := [check for check in checks if check.problem]:
        raise BuildError(
            "The image's layers were made, but they do not hold what they must.",
            why="\n".join(f"{check.name}: {check.problem}" for check in failed),
        )


def problems(plan: Plan, facts: Facts, added: Added) -> list[Check]:
    """Each check, and what is wrong; pure."""
    site = plan.base.inventory.site_packages.lstrip("/")
    return [
        Check(name=name, problem="; ".join(found[:10]))
        for name, found in (
            ("nothing of the base is removed", added.removed),
            ("the lock is the plan's", _lock(plan, added)),
            ("distributions are those of the lock", _versions(plan, added, site)),
            ("every file of a wheel is the one of its record", list(_records(added, site))),
            (f"programs and libraries are for {plan.platform}", _platforms(plan, added)),
            ("libraries that they need are there", list(_needed(facts, added))),
            ("what is imported at the start is there", list(_imports(facts, added, site))),
        )
    ]


def _lock(plan: Plan, added: Added) -> list[str]:
    if "mage-ilum" in added.unread:
        return []
    found = added.texts.get("opt/mage-ilum/lock.json", b"")
    return [] if found == context.lock_file(plan).encode() else ["/opt/mage-ilum/lock.json differs"]


def _versions(plan: Plan, added: Added, site: str) -> list[str]:
    from packaging.utils import canonicalize_name

    locks = (plan.lock, *(extra.lock for extra in plan.extras))
    wanted: dict[str, str] = {file.name: file.version for lock in locks for file in lock.added}
    wanted["pyspark"] = plan.spark.release if plan.profile.jars else f"{plan.spark.release}+nojars"
    found: dict[str, str] = {}
    for path in added.texts:
        if path.startswith(f"{site}/") and path.endswith(".dist-info/METADATA"):
            metadata = importlib.metadata.PathDistribution(_Folder(added.texts, posixpath.dirname(path)))  # type: ignore[arg-type] # read only
            found[canonicalize_name(metadata.metadata["Name"])] = metadata.version
    names = sorted(found if added.unread else set(wanted) | set(found))
    return [
        f"{name} is {found.get(name)}, not {wanted.get(name)}" for name in names if found.get(name) != wanted.get(name)
    ]


class _Folder:
    """As much of a path as `importlib.metadata` reads."""

    def __init__(self, texts: Mapping[str, bytes], folder: str) -> None:
        self._texts = texts
        self._folder = folder

    def joinpath(self, name: object) -> "_Folder":
        return _Folder(self._texts, f"{self._folder}/{name}")

    def read_text(self, encoding: str) -> str:
        try:
            return self._texts[self._folder].decode(encoding)
        except KeyError:
            raise FileNotFoundError(self._folder) from None


def _records(added: Added, site: str) -> Iterator[str]:
    for record, data in added.texts.items():
        if not (record.startswith(f"{site}/") and record.endswith(".dist-info/RECORD")):
            continue
        for name, digest, *_ in csv.reader(io.StringIO(data.decode())):
            path = posixpath.normpath(posixpath.join(site, name))
            if name.endswith(".pyc"):
                continue
            if path not in added.hashes:
                yield f"/{path} is missing"
            elif digest and added.hashes[path] != digest.removeprefix("sha256=").rstrip("="):
                yield f"/{path} is another file"


def _platforms(plan: Plan, added: Added) -> list[str]:
    return [f"/{path} is for {it.platform}" for path, it in added.libraries.items() if it.platform != plan.platform]


def _needed(facts: Facts, added: Added) -> Iterator[str]:
    there = {posixpath.basename(path) for path in (*facts.names, *added.libraries)}
    for path, library in added.libraries.items():
        for name in library.needed:
            if name not in there and not DESKTOP.fullmatch(path):
                yield f"/{path} needs {name}"


def _imports(facts: Facts, added: Added, site: str) -> Iterator[str]:
    ours = _modules(added.sources, (site, OURS))
    packages = {".".join(name.split(".")[:count]) for name in ours for count in range(1, name.count(".") + 1)}
    compiled = {posixpath.basename(path).partition(".")[0] for path in added.libraries}
    below = _top_level(facts, site)
    todo, seen = list(STARTS), set[str]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        parent, _, last = name.rpartition(".")
        if path := ours.get(name):
            todo += [parent] if parent else []
            todo += imports.imported(added.sources[path], name, is_package=path.endswith("/__init__.py"))
        elif name in packages or parent in ours or last in compiled or name.partition(".")[0] in below:
            continue  # a folder, what a module of ours has in it, a compiled one, or the base's
        elif not added.unread or name.partition(".")[0] in packages:
            yield f"{name} is nowhere"


def _modules(paths: Iterable[str], roots: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        for root in roots:
            if path.startswith(f"{root}/"):
                name = path[len(root) + 1 :].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                found.setdefault(name, path)
    return found


def _top_level(facts: Facts, site: str) -> set[str]:
    """Names of the base that can be imported: packages, the standard library, and what the interpreter has in it."""
    library = posixpath.dirname(site)
    folders = (site, library, f"{library}/lib-dynload")
    files = {posixpath.basename(path).partition(".")[0] for path in facts.names if posixpath.dirname(path) in folders}
    return files | set(sys.builtin_module_names)
