"""Why a service over HTTP did not answer, and what to do about it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 5.0


def no_answer(error: "requests.RequestException", name: str, url: str, seconds: float) -> tuple[str, str]:
    """What happened, and its code; `seconds` is how long we were ready to wait."""
    import requests

    place = urlsplit(url).netloc
    seconds = round(seconds, 1)
    causes = list(_causes(error))
    kinds = tuple(type(cause) for cause in causes)
    if isinstance(error, requests.exceptions.ProxyError):
        what, code = f"The HTTP proxy of this environment does not reach {place}.", "proxy"
    elif isinstance(error, requests.exceptions.SSLError):
        what, code = f"No TLS connection to {place}: {causes[-1]}", "tls"
    elif ConnectionRefusedError in kinds:
        what, code = f"{place} refused the connection: nothing listens there.", "refused"
    elif isinstance(error, requests.ConnectTimeout):
        what, code = f"No TCP connection to {place} within {min(seconds, CONNECT_SECONDS):g} s.", "unreachable"
    elif isinstance(error, requests.Timeout) or TimeoutError in kinds:
        what, code = f"{name} at {place} did not answer within {seconds:g} s.", "no-answer"
    else:
        what, code = f"{place} closed the connection without an answer.", "closed"
    return what, code


def way_out(code: str, name: str, url: str, variables: str, example: str) -> str:
    """What to do about a problem with this code; `variables` is what the service's variables begin with."""
    place = urlsplit(url).netloc
    fixes = {
        "unreachable": f"Allow egress from this pod to {place} in a NetworkPolicy, and check that the host is up.",
        "dns-silent": "Check that a NetworkPolicy lets this pod reach DNS on port 53, UDP and TCP.",
        "refused": f"Check the port in {variables}_URL, and that {name} runs.",
        "tls": "Write http:// for a server without TLS; name a private CA's file in REQUESTS_CA_BUNDLE.",
        "proxy": f"Add {urlsplit(url).hostname} to no_proxy.",
        "redirect": f"Most often this is a login: set {variables}_TOKEN, or the address behind the login.",
        "no-answer": f"Look at {name}'s log and load.",
        "closed": f"Look at {name}'s log; write https:// if it speaks TLS.",
        "http-401": f"Set {variables}_TOKEN, or {variables}_USER and {variables}_PASSWORD, from a Secret.",
        "http-403": f"Ask who runs {name} for the right; the user is that of {variables}_TOKEN or {variables}_USER.",
    }
    wrong_place = f"Check {variables}_URL: it is written as in {example}."
    return fixes.get(code, wrong_place if code in ("not-json", "name-unknown", "http-404") else "")


def said(content: object) -> str:
    """What a service that answers in JSON says went wrong."""
    if not isinstance(content, dict):
        return ""
    return next((str(content[key]) for key in ("msg", "message", "error") if content.get(key)), "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
