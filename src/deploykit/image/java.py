"""Which Java a build will get: the full version of Debian's package, known before the tag is computed."""

import hashlib
import io
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploykit import assets, cache
from deploykit.catalog import Catalog
from deploykit.errors import BuildError, IncompatibleError, UnreachableError
from deploykit.image.base import Base
from deploykit.image.builder import proxy_settings
from deploykit.image.engine import Engine, Finished
from deploykit.progress import Progress
from deploykit.request import Request

if TYPE_CHECKING:
    from deploykit.plan import Plan

_CANDIDATE = "Candidate: "
FRESH_SECONDS = 24 * 3600
APT_SECONDS = 90


@dataclass(frozen=True, kw_only=True)
class Java:
    """The full version of Debian's package; `note` says what is not certain about it."""

    version: str
    note: str = ""


NONE = Java(version="")


def remembered(request: Request, base: Base, catalog: Catalog) -> Java:
    """The version that was last seen for this base, else the one that the catalog assumes; asks nobody."""
    if not request.profile.java:
        return NONE
    key = _key(base, request.platform, request.apt_mirror, request.sources, catalog.java.package)
    if stored := cache.read_json("java", key):
        return Java(version=stored["version"], note="as last seen")
    return Java(version=catalog.java.assumed, note="assumed: Debian was not asked, and another version changes the tag")


def resolve(request: Request, base: Base, catalog: Catalog, *, engine: Engine, progress: Progress) -> Java:
    """The newest version that the base's Debian offers, as apt in the base says it."""
    return newest(
        request,
        base,
        catalog,
        ask=lambda package: _said(package, _ask(request, base, package, engine, progress)),
        progress=progress,
    )


def newest(request: Request, base: Base, catalog: Catalog, *, ask: Callable[[str], str], progress: Progress) -> Java:
    """The newest version, asked for at most once a day; `ask` gives that of a package, or nothing."""
    if not request.profile.java:
        return NONE
    key = _key(base, request.platform, request.apt_mirror, request.sources, catalog.java.package)
    stored = cache.read_json("java", key)
    if stored and time.time() - stored["seen"] < FRESH_SECONDS:
        return Java(version=stored["version"])
    package = catalog.java.package
    progress.step(f"Asking Debian for the version of {package}")
    version = ask(package)
    if not version:
        raise IncompatibleError(
            f"The Debian of {base.reference} has no {package}.",
            why="The Java runtime is made from that package.",
            fix="--profile slim, or a base on Debian 12",
        )
    cache.write_json("java", key, {"version": version, "seen": time.time()})
    return Java(version=version)


def forget(plan: "Plan") -> None:
    """Ask anew next time: a security fix takes the version before it out of the archive, and a build then fails."""
    cache.forget("java", _key(plan.base, plan.platform, plan.apt_mirror, plan.apt_sources, plan.java_package))


def _said(package: str, finished: Finished) -> str:
    """What apt says, among its warnings; nothing where it has no such package."""
    lines = finished.output.strip().splitlines()
    if finished.status:
        raise _unreachable(package, "\n".join(lines[-6:]) or "apt said nothing.")
    version = next((line.removeprefix(_CANDIDATE) for line in lines if line.startswith(_CANDIDATE)), "")
    return "" if version == "(none)" else version


def _ask(request: Request, base: Base, package: str, engine: Engine, progress: Progress) -> Finished:
    try:
        if engine.local(base.pinned) is None:  # read before, by another engine, or removed since
            engine.pull(base.pinned, platform=request.platform, progress=progress)
        with engine.container(
            base.pinned,
            ["/bin/sh", "/stages/java_version.sh", package],
            network=request.network,
            platform=request.platform,
            entrypoint=[],
            user="0:0",
            environment=proxy_settings(),
        ) as container:
            container.put_archive("/", _stages(request))
            container.start()
            return engine.finish(container, timeout=APT_SECONDS)
    except BuildError as error:
        raise _unreachable(package, f"{error.what} {error.why}".strip()) from None


def _unreachable(package: str, why: str) -> UnreachableError:
    return UnreachableError(
        f"Debian's {package} could not be looked up.",
        why=why,
        fix="--apt-mirror, --network host, --ca-file or a proxy; `--profile slim` needs no Debian package",
    )


def _stages(request: Request) -> bytes:
    files = {name: (assets.image() / "stages" / name).read_bytes() for name in ("apt.sh", "java_version.sh")}
    if request.ca_file is not None:
        files["ca.pem"] = request.ca_file.read_bytes()
    if request.sources is not None:
        files["apt.sources"] = request.sources.encode()
    if request.apt_mirror is not None:
        files["apt.mirror"] = request.apt_mirror.encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"stages/{name}")
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _key(base: Base, platform: str, mirror: str | None, sources: str | None, package: str) -> str:
    where = [base.identity, platform, mirror or "", sources or "", package]
    return hashlib.sha256("\n".join(where).encode()).hexdigest()
