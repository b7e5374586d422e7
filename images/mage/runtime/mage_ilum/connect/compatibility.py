"""Whether this PySpark may talk to that server: no handshake of Spark's says so."""

import re
import warnings
from typing import Literal

from mage_ilum.errors import IncompatibleClientError

Verdict = Literal["same", "patch", "older-client", "newer-client", "unknown"]

_warned: set[tuple[str, str]] = set()


def verdict(client: str, server: str) -> Verdict:
    """Compare two Spark versions: an older client works with a newer server, not the reverse.

    >>> verdict("4.1.1", "4.2.0")
    'older-client'
    """
    ours, theirs = _numbers(client), _numbers(server)
    if ours is None or theirs is None:
        return "unknown"
    if ours == theirs:
        return "same"
    if ours[:2] == theirs[:2]:
        return "patch"
    return "older-client" if ours < theirs else "newer-client"


def check_client(client: str, server: str, *, allow_newer: bool = False) -> Verdict:
    """The verdict; refuses a client newer than the server's line, and warns, once in a process, of an older one."""
    answer = verdict(client, server)
    fitting = ".".join(map(str, _numbers(server) or ()))
    if answer == "newer-client" and not allow_newer:
        raise IncompatibleClientError(
            f"PySpark {client} is newer than the server's Spark {server}.",
            code="newer-client",
            why="A newer client asks for settings that an older server does not know: createDataFrame fails, for one.",
            fix=f"Use an image for Spark {fitting}: make image SPARK={fitting} or deploykit image --spark {fitting}. "
            "Until then: spark_session(allow_newer_client=True).",
        )
    if answer in ("older-client", "newer-client") and (client, server) not in _warned:
        _warned.add((client, server))
        newer = "newer" if answer == "older-client" else "older"
        rest = "what is new there is out of reach" if newer == "newer" else "with the known settings; not all may work"
        warnings.warn(
            f"PySpark {client} talks to the {newer} Spark {server}: this works, but {rest}. "
            f"A Mage image for Spark {fitting} fits better.",
            stacklevel=5,  # the line that opens the session
        )
    return answer


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None
