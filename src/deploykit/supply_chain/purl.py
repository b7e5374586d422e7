"""Package URLs, by which scanners know what a component is: `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`."""

import re
from urllib.parse import quote


def purl(kind: str, name: str, version: str, *, namespace: str = "", **qualifiers: str) -> str:
    """A package URL; qualifiers without a value are left out."""
    path = "/".join(_quoted(part) for part in (*filter(None, namespace.split("/")), name))
    known = "&".join(f"{key}={quote(value, safe=':/')}" for key, value in sorted(qualifiers.items()) if value)
    return f"pkg:{kind}/{path}@{_quoted(version)}{'?' if known else ''}{known}"


def python(name: str, version: str) -> str:
    """A distribution of the Python package index."""
    return purl("pypi", name.lower().replace("_", "-"), version)


def maven(coordinates: str) -> str:
    """A jar, by `group:artifact:version`."""
    group, name, version = coordinates.split(":")
    return purl("maven", name, version, namespace=group, type="jar")


def debian(package: str, version: str, *, machine: str) -> str:
    """A Debian package; a source package has the machine `source`."""
    release = debian_release(version)
    distro = f"debian-{release}" if release else ""
    return purl("deb", package, version, namespace="debian", arch=machine, distro=distro)


def debian_release(version: str) -> str:
    """The release of Debian that a version says it was built for, such as `12`; empty where it does not."""
    found = re.search(r"deb(\d+)", version)
    return found[1] if found else ""


def image(repository: str, *, digest: str, tag: str = "", machine: str = "") -> str:
    """An image of a registry; without a digest, its tag says which."""
    name = repository.rpartition("/")[2]
    return purl("oci", name, digest or tag, arch=machine, repository_url=repository, tag=tag if digest else "")


def _quoted(text: str) -> str:
    return quote(text, safe=":")
