"""What a registry holds: the layers of an image and their compressed sizes. For registries without a login."""

import json
import urllib.request

ACCEPT = ", ".join(
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)


def layers(reference: str) -> dict[str, int]:
    """Digest and compressed size in bytes of each layer of `host[:port]/name:tag`."""
    host, _, path = reference.partition("/")
    name, _, tag = path.partition("@") if "@" in path else path.rpartition(":")
    scheme = "http" if host.startswith(("127.", "localhost")) else "https"
    request = urllib.request.Request(f"{scheme}://{host}/v2/{name}/manifests/{tag}", headers={"Accept": ACCEPT})
    with urllib.request.urlopen(request, timeout=10) as answer:
        manifest = json.load(answer)
    return {layer["digest"]: layer["size"] for layer in manifest["layers"]}


def new_bytes(image: str, before: str) -> int:
    """The compressed bytes of an image that are not in another one: what a push of it sends."""
    known = layers(before)
    return sum(size for digest, size in layers(image).items() if digest not in known)
