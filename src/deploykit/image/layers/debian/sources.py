"""Where Debian's packages come from: the mirror that was named, else those that the base's own apt would ask. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deploykit.errors import IncompatibleError

COMPONENT = "main"
TEXTS = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")
OS_RELEASE = "/etc/os-release"


@dataclass(frozen=True, kw_only=True)
class Suite:
    """One suite of one archive, such as `bookworm-security`."""

    address: str
    name: str


def suites(
    base: Callable[[str], str | None], *, mirror: str | None = None, sources: str | None = None
) -> tuple[Suite, ...]:
    """The suites to ask, as `stages/apt.sh` has them: `sources` is apt's own list, `mirror` an address.

    `base` gives a text file of the base; raises `IncompatibleError` where none of this names a suite.
    """
    if sources is not None:
        found = tuple(parsed(sources))
    elif mirror is not None:
        found = _mirrored(mirror.rstrip("/"), _release(base))
    else:
        texts = (text for path in TEXTS if (text := base(path)) is not None)
        found = next((listed for text in texts if (listed := tuple(parsed(text)))), ())
    if not found:
        raise IncompatibleError(
            "Nothing says where the base's Debian packages come from.",
            why=f"There is no list in it that names {COMPONENT}.",
            fix="--apt-mirror with the address of a Debian mirror, or --profile slim",
        )
    return found


def parsed(text: str) -> Iterator[Suite]:
    """The suites of a list in either of apt's two forms."""
    if not re.search(r"^Types:", text, re.MULTILINE):
        for line in text.splitlines():
            if match := re.match(r"\s*deb\s+(?:\[[^]]*]\s+)?(\S+)\s+(\S+)\s+(.*)", line):
                yield from _suites([match[1]], [match[2]], match[3].split())
        return
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no":
            names = (fields.get(name, "").split() for name in ("uris", "suites", "components"))
            yield from _suites(*names)


def _fields(stanza: str) -> dict[str, str]:
    """Names, in small letters, and values; one that goes on in the next line is joined."""
    lines = [line for line in stanza.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\n[ \t]+", " ", "\n".join(lines))
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in joined.splitlines())}


def _suites(addresses: list[str], names: list[str], components: list[str]) -> Iterator[Suite]:
    for address in addresses:
        if COMPONENT in components and address.startswith(("http://", "https://")):
            yield from (Suite(address=address.rstrip("/"), name=name) for name in names)


def _mirrored(mirror: str, release: str) -> tuple[Suite, ...]:
    security = f"{mirror.removesuffix('/debian')}/debian-security"
    return (
        Suite(address=mirror, name=release),
        Suite(address=mirror, name=f"{release}-updates"),
        Suite(address=security, name=f"{release}-security"),
    )


def _release(base: Callable[[str], str | None]) -> str:
    match = re.search(r'^VERSION_CODENAME="?(\w+)"?$', base(OS_RELEASE) or "", re.MULTILINE)
    if match is None:
        raise IncompatibleError(
            "The base does not say which Debian it is.", fix="--apt-sources with apt's own list, or --profile slim"
        )
    return match[1]
