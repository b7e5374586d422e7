"""Whose the credentials in the environment are: the server's whose address stands beside them, and nobody else's."""

from urllib.parse import urlsplit

_PORTS = {"hive": 10009, "http": 80, "https": 443}


def meant_for(url: str, own: str) -> bool:
    """Whether they may be sent to `url`; `own` is the address beside them, without which they are for any.

    >>> meant_for("http://livy:8998/x", own="http://me@livy:8998"), meant_for("http://other:8998", own="http://livy:8998")
    (True, False)
    """
    return not own or _server(url) == _server(own)


def _server(url: str) -> tuple[str | None, int | None] | None:
    try:
        parts = urlsplit(url.strip())
        return parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
