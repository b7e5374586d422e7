"""What a registry says of an image without its engine: the digest of a reference, and the image's labels."""

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlencode

from deploykit.kubernetes_api import SECONDS, Item

_MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1", "oci.image.manifest.v1", "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)  # fmt: skip
_LOOPBACK = re.compile(r"(localhost|127\.[\d.]+|\[::1\])(:\d+)?")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Registered:
    """An image as its registry has it now."""

    digest: str
    labels: dict[str, str] = field(default_factory=dict)
    platforms: frozenset[str] = frozenset()
    """The digests of an index's images, one of which a node may name in the index's place."""


def ask(reference: str) -> Registered | None:
    """Ask the registry, without a login; `None` where it does not say, which proves nothing."""
    host, repository, version = _parts(reference)
    scheme = "http" if _LOOPBACK.fullmatch(host) else "https"
    base = f"{scheme}://{host}/v2/{repository}"
    try:
        manifest, digest = _get(f"{base}/manifests/{version}", accept=_MANIFESTS)
        platforms = frozenset(one["digest"] for one in manifest.get("manifests") or ())
        if platforms:  # labels are the same in each
            manifest, _ = _get(f"{base}/manifests/{manifest['manifests'][0]['digest']}", accept=_MANIFESTS)
        config, _ = _get(f"{base}/blobs/{manifest['config']['digest']}", accept="*/*")
        return Registered(digest, dict(config.get("config", {}).get("Labels") or {}), platforms)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _parts(reference: str) -> tuple[str, str, str]:
    """Host, repository, and tag or digest, with the defaults that Docker has.

    >>> _parts("mageai/mageai:0.9.80")
    ('registry-1.docker.io', 'mageai/mageai', '0.9.80')
    >>> _parts("registry.example:5000/mage@sha256:0")
    ('registry.example:5000', 'mage', 'sha256:0')
    """
    name, _, digest = reference.partition("@")
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "registry-1.docker.io", name if slash else f"library/{name}"
    folder, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    return first, f"{folder}{slash}{last}", digest or tag or "latest"


def _get(url: str, *, accept: str) -> tuple[Item, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        return _read(request)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 401:
            raise
        request.add_header("Authorization", f"Bearer {_token(error.headers.get('WWW-Authenticate', ''))}")
        return _read(request)


def _token(challenge: str) -> str:
    """The token that a registry hands out to everybody for what is public."""
    said = dict(_CHALLENGE.findall(challenge))
    query = urlencode({key: said[key] for key in ("service", "scope") if key in said})
    answer, _ = _read(urllib.request.Request(f"{said['realm']}?{query}"))
    return str(answer.get("token") or answer["access_token"])


def _read(request: urllib.request.Request) -> tuple[Item, str]:
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return json.loads(answer.read(4_000_000)), answer.headers.get("Docker-Content-Digest", "")
