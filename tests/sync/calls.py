"""The calls that pass the proxy, by what they are for."""

import re
from dataclasses import dataclass

_KINDS = (
    (r"/v2/$", "{} ping"),
    (r"/token", "token"),
    (r"/v2/(?P<repository>.+)/manifests/(?P<reference>sha256:[^/]+)$", "{} manifest by digest"),
    (r"/v2/(?P<repository>.+)/manifests/(?P<reference>sha256-[^/]+)$", "{} attachments"),  # OCI's tag schema
    (r"/v2/(?P<repository>.+)/manifests/(?P<reference>[^/]+)$", "{} manifest by tag"),
    (r"/v2/(?P<repository>.+)/blobs/uploads/\?.*mount=", "mount"),
    (r"/v2/(?P<repository>.+)/blobs/uploads/", "{} upload"),
    (r"/v2/(?P<repository>.+)/blobs/(?P<reference>[^/]+)$", "{} blob"),
    (r"/v2/(?P<repository>.+)/tags/list", "tags"),
    (r"/v2/(?P<repository>.+)/referrers/(?P<reference>[^/]+)", "referrers"),
)

BASE = "mageai/mageai"


@dataclass
class Call:
    """One request: its kind, such as `GET manifest by tag`; who made it; and the bytes of the bodies, up and down."""

    kind: str
    by: str
    repository: str
    reference: str
    up: int = 0
    down: int = 0
    status: int = 0

    def __str__(self) -> str:
        return f"{self.by} {self.kind}"


@dataclass(frozen=True, kw_only=True)
class On:
    """Which calls: from the `nth` of a kind on, `times` of them. `base`: about the base image, or about ours.

    `what` says to a person what the `nth` is for.
    """

    kind: str
    by: str = ""
    base: bool = False
    nth: int = 1
    times: int = 10**6
    what: str = ""

    def __str__(self) -> str:
        return f"{self.by} {self.kind} {self.nth}: {self.what}"

    def fits(self, call: Call) -> bool:
        about_base = call.repository == BASE
        return self.kind == call.kind and self.by in ("", call.by) and self.base is about_base


def kind_of(method: str, path: str) -> tuple[str, str, str]:
    """What a request is for, its repository and its reference."""
    for pattern, kind in _KINDS:
        if match := re.match(pattern, path):
            groups = match.groupdict()
            return kind.format(method), groups.get("repository", ""), groups.get("reference", "")
    return f"{method} other", "", ""
