"""Whether this PySpark may talk to that server: no handshake of Spark's says so."""

import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from mage_ilum.errors import IncompatibleClientError

Verdict = Literal["same", "patch", "older-client", "newer-client", "unknown"]

ALLOW_VARIABLE = "ILUM_SPARK_ALLOW_NEWER_CLIENT"
"""Set to 1, it lets a newer client pass: for blocks that open a session by `SparkSession.builder` and cannot say so."""

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
            f"Until then: spark_session(allow_newer_client=True), or {ALLOW_VARIABLE}=1 in the environment.",
        )
    if answer in ("older-client", "newer-client") and (client, server) not in _warned:
        _warned.add((client, server))
        newer = "newer" if answer == "older-client" else "older"
        rest = "what is new there is out of reach" if newer == "newer" else "with the known settings; not all may work"
        warnings.warn(
            f"PySpark {client} talks to the {newer} Spark {server}: this works, but {rest}. "
            f"A Mage image for Spark {fitting} fits better.",
            stacklevel=6,  # the line that opens the session
        )
    return answer


def installed_version() -> str:
    """The version of the PySpark here, read and not imported, which takes a second or more.

    Raises `IncompatibleClientError` where there is none. That it can be imported, a query shows.
    """
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise unusable(ModuleNotFoundError("No module named 'pyspark'"))
    names: dict[str, str] = {}
    try:
        exec(Path(found.origin).with_name("version.py").read_text(encoding="utf-8"), names)
    except OSError:
        raise unusable(ModuleNotFoundError("No module named 'pyspark.version'")) from None
    return names["__version__"]


def unusable(error: ImportError) -> IncompatibleClientError:
    """What to say where PySpark, or gRPC that it needs, cannot be imported."""
    return IncompatibleClientError(
        f"PySpark cannot be used here: {str(error).splitlines()[0].rstrip('.')}.",
        code="pyspark-unusable",
        why="PySpark is not installed, or something that it needs is not.",
        fix="Use an image that `deploykit image` has built.",
    )


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None
