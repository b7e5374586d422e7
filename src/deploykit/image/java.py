"""Which Java a build will get: the full version of Debian's package, known before the tag is computed."""

import hashlib
import io
import tarfile
import time
from dataclasses import dataclass

from deploykit import assets, cache
from deploykit.catalog import Catalog
from deploykit.errors import UnreachableError
from deploykit.image.base import Base
from deploykit.image.engine import Engine
from deploykit.progress import Progress
from deploykit.request import Request

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
    if stored := cache.read_json("java", _key(request, base, catalog)):
        return Java(version=stored["version"], note="as last seen")
    return Java(version=catalog.java.assumed, note="assumed: Debian was not asked, and another version changes the tag")


def resolve(request: Request, base: Base, catalog: Catalog, *, engine: Engine, progress: Progress) -> Java:
    """The newest version that the base's Debian offers; asked at most once a day."""
    if not request.profile.java:
        return NONE
    key = _key(request, base, catalog)
    stored = cache.read_json("java", key)
    if stored and time.time() - stored["seen"] < FRESH_SECONDS:
        return Java(version=stored["version"])
    progress.step(f"Asking Debian for the version of {catalog.java.package}")
    command = ["/bin/sh", "/stages/java_version.sh", catalog.java.package]
    with engine.container(
        base.pinned, command, network=request.network, platform=request.platform, entrypoint=[], user="0:0",
        environment=proxy_settings(),
    ) as container:  # fmt: skip
        container.put_archive("/", _stages(request))
        container.start()
        finished = engine.finish(container, timeout=APT_SECONDS)
    version = finished.output.strip().splitlines()[-1] if finished.output.strip() else ""
    if finished.status or not version or version == "(none)":
        raise UnreachableError(
            f"Debian's {catalog.java.package} could not be looked up.",
            why=finished.output.strip()[-600:] or "apt said nothing.",
            fix="--apt-mirror, --network host, --ca-file or a proxy; `--profile slim` needs no Debian package",
        )
    cache.write_json("java", key, {"version": version, "seen": time.time()})
    return Java(version=version)


def proxy_settings() -> dict[str, str]:
    """The proxy variables of this process, in both spellings, as builds and containers take them over."""
    import os

    names = ("http_proxy", "https_proxy", "no_proxy", "ftp_proxy", "all_proxy")
    return {name: value for base in names for name in (base, base.upper()) if (value := os.environ.get(name))}


def _stages(request: Request) -> bytes:
    files = {name: (assets.image() / "stages" / name).read_bytes() for name in ("apt.sh", "java_version.sh")}
    if request.ca_file is not None:
        files["ca.pem"] = request.ca_file.read_bytes()
    if request.apt_mirror is not None:
        files["apt.mirror"] = request.apt_mirror.encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"stages/{name}")
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _key(request: Request, base: Base, catalog: Catalog) -> str:
    where = [base.digest or base.reference, request.platform, request.apt_mirror or "", catalog.java.package]
    return hashlib.sha256("\n".join(where).encode()).hexdigest()
