"""Whether this PySpark may talk to that server: no handshake of Spark's says so."""

import re
from typing import Literal

Verdict = Literal["same", "patch", "older-client", "newer-client", "unknown"]


def verdict(client: str, server: str) -> Verdict:
    """Compare two Spark versions: an older client works with a newer server, not the reverse."""
    ours, theirs = _numbers(client), _numbers(server)
    if ours is None or theirs is None:
        return "unknown"
    if ours == theirs:
        return "same"
    if ours[:2] == theirs[:2]:
        return "patch"
    return "older-client" if ours < theirs else "newer-client"


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None
