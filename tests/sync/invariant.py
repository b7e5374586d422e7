"""What holds after every sync, however it ended: nothing half-done in registry or values, and no secret told."""

import json
from collections.abc import Iterable

from tests.sync.checkout import Checkout, Finished
from tests.sync.upstream import Upstream


def broken(upstream: Upstream, checkout: Checkout, *, before: bytes | None) -> list[str]:
    """What is half-done in the registry or in the checkout; `before` is what the values file was, if it was there."""
    found = [problem for tag in upstream.tags() for problem in upstream.missing(tag)]
    now = checkout.values.read_bytes() if checkout.values.exists() else None
    if now != before:
        image = checkout.image()
        found += upstream.missing(image["digest"])
        named = upstream.manifest(image["tag"])
        if named is None or named[0] != image["digest"]:
            found.append(f"the values' tag {image['tag']} is not their digest {image['digest']}")
    if checkout.record.exists():
        try:
            json.loads(checkout.record.read_text(encoding="utf-8"))
        except ValueError as error:
            found.append(f"the record does not parse: {error}")
    return found


def left_behind(checkout: Checkout) -> list[str]:
    """Files that nobody would commit."""
    known = {"deploykit.toml", "docker", checkout.values.name, checkout.record.name}
    return sorted(path.name for path in checkout.folder.iterdir() if path.name not in known)


def told(finished: Finished, secrets: Iterable[str]) -> list[str]:
    """What a person should not have read, or should have."""
    found = [f"it told {secret[:4]}…" for secret in secrets if secret in finished.out + finished.err]
    if "Traceback" in finished.err:
        found.append("it shows a traceback")
    if finished.code and not any(line.startswith("Error: ") for line in finished.err.splitlines()):
        found.append("it says no sentence")
    return found
