"""Where a repository lives: its name, as people write it, as the address of a registry and a path there."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

HUB = "docker.io"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A repository of a registry: `host` as in a name (`docker.io`, `registry.example:5000`), `path` below it."""

    host: str
    path: str
    plain_http: bool

    @property
    def base(self) -> str:
        """The address that requests go to."""
        host = "registry-1.docker.io" if self.host == HUB else self.host
        return f"{'http' if self.plain_http else 'https'}://{host}"

    def url(self, rest: str) -> str:
        """The address of something in the repository, such as `manifests/latest`."""
        return f"{self.base}/v2/{self.path}/{rest}"


def locate(repository: str, *, insecure: Collection[str] = ()) -> Location:
    """Read a repository's name as Docker does: what is before the first slash is a host if it looks like one.

    Hosts of this machine speak plain HTTP, and so do those named in `insecure`, with or without their port.
    """
    head, slash, tail = repository.partition("/")
    host, path = (head, tail) if slash and ("." in head or ":" in head or head == "localhost") else (HUB, repository)
    if host in ("index.docker.io", "registry-1.docker.io"):
        host = HUB
    if host == HUB and "/" not in path:
        path = f"library/{path}"
    return Location(host=host, path=path, plain_http=is_here(host) or not {host, _name(host)}.isdisjoint(insecure))


def is_here(host: str) -> bool:
    """Whether a host, with or without a port, is this machine: no proxy leads there."""
    name = _name(host)
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _name(host: str) -> str:
    """A host without its port."""
    return host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
