"""What the layers of an image hold, read from the registry."""

import json
import tarfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_OR_MANIFEST = f"{MANIFEST}, application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Entry:
    """One entry of a layer, or one file of a running image."""

    path: str
    kind: str
    """`f` file, `d` directory, `l` link."""
    mode: int
    owner: tuple[int, int]
    mtime: int = 0


def layers(registry: str, reference: str) -> list[str]:
    """The digests of an image's layers, lowest first; `reference` is `registry/repository` with a tag or a digest."""
    name = reference.removeprefix(f"{registry}/")
    name, _, digest = name.partition("@")
    repository, _, tag = name.partition(":")
    version = digest or tag
    asked = urllib.request.Request(
        f"http://{registry}/v2/{repository}/manifests/{version}", headers={"Accept": CONFIG_OR_MANIFEST}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        manifest = json.load(answer)
    return [layer["digest"] for layer in manifest["layers"]]


def entries(registry: str, repository: str, digest: str) -> Iterator[Entry]:
    """The entries of one layer."""
    name = repository.removeprefix(f"{registry}/")
    with (
        urllib.request.urlopen(f"http://{registry}/v2/{name}/blobs/{digest}", timeout=60) as answer,
        tarfile.open(fileobj=answer, mode="r|gz") as archive,
    ):
        for member in archive:
            kind = "d" if member.isdir() else "l" if member.issym() else "f"
            path = "/" + member.name.strip("/")
            yield Entry(path, kind, member.mode & 0o7777, (member.uid, member.gid), int(member.mtime))


def files_of(listing: str) -> dict[str, Entry]:
    """What `find -printf '%y %m %U %G %p\\n'` printed, by path."""
    found = {}
    for line in listing.splitlines():
        kind, mode, user, group, path = line.split(" ", 4)
        found[path] = Entry(path, kind, int(mode, 8), (int(user), int(group)))
    return found
