"""What an image costs without an engine, beside the guide's recipe that pulls the base first; all in one run."""

import hashlib
import io
import json
import os
import resource
import socket
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine import DEPLOYKIT, RUN, NotHereError, Place, Silent, build_guides, fetch, place
from row import Row, megabytes, not_measured, seconds

from deploykit.registry import Manifest, Registry
from deploykit.registry.manifest import compact
from deploykit.registry.mounts import Blobs

SPARK, NEXT, AFTER_NEXT = "4.1.1", "4.1.2", "4.1.3"
MEMORY_MB = 300


@dataclass
class Relay:
    """Counts what passes between clients and a registry, in bytes."""

    address: str
    up: int = 0
    down: int = 0


def numbers() -> list[Row]:
    """A patch of Spark where the registry knows the base: on a machine that has nothing, then with the wheel cached."""
    what = "without an engine: Spark patch on a cold machine, build + push"
    try:
        where = place()
    except NotHereError as error:
        return [not_measured(what, "≤ 0.35 x", str(error))]
    registry = where.repository.partition("/")[0]
    with relay(registry) as counted, tempfile.TemporaryDirectory() as folder:
        through = Place(base=_cold_base(where), repository=f"{counted.address}/{where.repository.partition('/')[2]}")
        ours = replace(through, base=through.base.replace(registry, counted.address, 1))
        _build(SPARK, ours, Path(folder) / "first")
        _copy(ours, f"{ours.repository}-other")
        counted.up = counted.down = 0
        (digest, memory), cold = seconds(lambda: _build(NEXT, ours, Path(folder) / "cold"))
        up, down = counted.up, counted.down
        _wheel(AFTER_NEXT, Path(folder) / "cached")
        _, cached = seconds(lambda: _build(AFTER_NEXT, ours, Path(folder) / "cached"))
        other, _ = _build(NEXT, replace(ours, repository=f"{ours.repository}-other"), Path(folder) / "other")
        _, guide = seconds(lambda: build_guides(NEXT, through))
    compressed = sum(layer["size"] for layer in _manifest(where.base)[1].content["layers"])
    return [
        Row(
            what,
            f"{cold:.1f} s, {cold / guide:.2f} x",
            "≤ 0.35 x",
            f"{guide:.1f} s, pull included",
            cold <= 0.35 * guide,
        ),
        Row("the same, wheel cached", f"{cached:.1f} s, {cached / guide:.2f} x", "≤ 0.1 x", "", cached <= 0.1 * guide),
        Row("bytes from the registry", f"{down / 1e3:.0f} kB", "≤ 200 kB", megabytes(compressed), down <= 200e3),
        Row("bytes pushed", megabytes(up), "≤ 10 MB", "328 MB", up <= 10e6),
        Row("peak memory", f"{memory:.0f} MB", f"≤ {MEMORY_MB} MB", "", memory <= MEMORY_MB),
        Row("two machines, two caches", "one digest" if digest == other else "two", "one digest", "", digest == other),
    ]


def _build(spark: str, where: Place, cache: Path) -> tuple[str, float]:
    """The digest of the image, and the largest resident size of any process in MB."""
    command = [DEPLOYKIT, "image", "--engine", "registry", "--spark", spark, "--base", where.base, "--push"]
    done = subprocess.run(
        [*command, "--repository", where.repository, "-o", "json"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=1200,
        env={**os.environ, "DEPLOYKIT_CACHE": str(cache)},
    )
    digest: str = json.loads(done.stdout)["digest"]
    return digest, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _wheel(spark: str, cache: Path) -> None:
    known = os.environ.get("DEPLOYKIT_CACHE")
    fetch(spark)
    import engine

    subprocess.run(["cp", "-r", str(engine.CACHE.resolve()), str(cache)], check=True)
    for made in ("base-facts", "base-layers", "base-sources", "inventories", "references", "layers", "java"):
        subprocess.run(["rm", "-rf", str(cache / made)], check=True)
    if known is not None:
        os.environ["DEPLOYKIT_CACHE"] = known


def _manifest(reference: str) -> tuple[Registry, Manifest]:
    name, _, tag = reference.rpartition(":")
    registry = Registry(name)
    found = registry.manifest(tag)
    assert found is not None, reference
    return registry, found


def _cold_base(where: Place) -> str:
    """The base with a layer of its own at the bottom: whatever an engine has, it pulls all that lies above."""
    source, manifest = _manifest(where.base)
    target = Registry(f"{where.repository}-base")
    config = dict(source.config(manifest.digest, platform="linux/amd64") or {})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(f"bench-{RUN}"))
    layer = buffer.getvalue()
    diff_id = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    kind = str(manifest.content["layers"][0]["mediaType"]).removesuffix(".gzip").removesuffix("+gzip")
    bottom = {"mediaType": kind, "digest": target.put_blob(layer), "size": len(layer)}
    for part in manifest.content["layers"]:
        Blobs(target).take(part["digest"], part["size"], source=Blobs(source), progress=Silent())
    config["rootfs"] = {"type": "layers", "diff_ids": [diff_id, *config["rootfs"]["diff_ids"]]}
    config["history"] = [{"created_by": "bench"}, *config["history"]]
    raw = compact(config)
    content = {
        **manifest.content,
        "config": {**manifest.content["config"], "digest": target.put_blob(raw), "size": len(raw)},
        "layers": [bottom, *manifest.content["layers"]],
    }
    target.put_manifest("cold", compact(content), manifest.media_type)
    return f"{target.repository}:cold"


def _copy(where: Place, repository: str) -> None:
    """What the first image left, in another repository."""
    source, target = Registry(where.repository), Registry(repository)
    for tag in source.tags():
        manifest = source.manifest(tag)
        if manifest is None or "layers" not in manifest.content:
            continue
        for part in (manifest.content["config"], *manifest.content["layers"]):
            Blobs(target).take(part["digest"], part["size"], source=Blobs(source), progress=Silent())
        target.put_manifest(tag, manifest.raw, manifest.media_type)


@contextmanager
def relay(upstream: str) -> Iterator[Relay]:
    """A port of this machine that leads to a registry."""
    host, _, port = upstream.partition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    counted = Relay(address=f"127.0.0.1:{listener.getsockname()[1]}")

    def pass_on(source: socket.socket, target: socket.socket, *, is_up: bool) -> None:
        while block := source.recv(1 << 16):
            target.sendall(block)
            if is_up:
                counted.up += len(block)
            else:
                counted.down += len(block)
        target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection((host, int(port or 80)))
            for source, target, is_up in ((client, server, True), (server, client, False)):
                threading.Thread(target=pass_on, args=(source, target), kwargs={"is_up": is_up}, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield counted
    finally:
        listener.close()
