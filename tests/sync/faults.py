"""What can go wrong with one call of a registry. Each takes over an exchange of the proxy."""

import re
from collections.abc import Callable
from http.client import HTTPConnection

from tests.sync.exchange import Exchange
from tests.sync.registry_proxy import Fault

_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 404: "BLOB_UNKNOWN", 429: "TOOMANYREQUESTS"}
_PORTAL = b"<!doctype html><html><title>Welcome</title><p>Please sign in to use this network.</p></html>"


def status(code: int, *, retry_after: int | None = None) -> Fault:
    """Answered with this status, and an error as registries write it."""

    def fault(exchange: Exchange) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        exchange.refuse(code, _CODES.get(code, "UNKNOWN"), "the proxy says no", headers)

    return fault


def portal(exchange: Exchange) -> None:
    """The page of a captive portal, which answers 200 to everything."""
    exchange.answer(200, {"Content-Type": "text/html"}, _PORTAL)


def hang(exchange: Exchange) -> None:
    """No answer, as long as the fault lasts."""
    exchange.registry.released.wait()
    exchange.hang_up()


def cut(exchange: Exchange) -> None:
    """The connection ends when the first bytes of a body have come; the registry is not asked."""
    next(exchange.body(), None)
    exchange.hang_up()


def unheard(exchange: Exchange) -> None:
    """The registry did it, and its answer is lost."""
    exchange.forward(upto=0)


def half(exchange: Exchange) -> None:
    """The answer ends in its middle."""
    exchange.forward(upto=0.5 if exchange.command == "GET" else 0)


def wrong_digest(exchange: Exchange) -> None:
    """The header names another content."""
    exchange.forward({"Docker-Content-Digest": f"sha256:{'0' * 64}"})


def garbage(exchange: Exchange) -> None:
    """JSON of another shape."""
    exchange.answer(200, {"Content-Type": "application/json"}, b'["no", {"such": null}]')


def swallow(exchange: Exchange) -> None:
    """An upload is accepted and goes nowhere; for `PUT upload`."""
    upstream = HTTPConnection(exchange.registry.upstream, timeout=60)
    upstream.request("DELETE", exchange.path, headers={"Host": exchange.headers["Host"]})
    upstream.getresponse().read()
    upstream.close()
    found = re.search(r"digest=([^&]+)", exchange.path)
    digest = "" if found is None else found[1].replace("%3A", ":")
    location = f"/v2/{exchange.call.repository}/blobs/{digest}"
    exchange.answer(201, {"Docker-Content-Digest": digest, "Location": location})


def slow(seconds: float) -> Fault:
    """It takes its time, and then all is well."""

    def fault(exchange: Exchange) -> None:
        exchange.registry.released.wait(seconds)
        exchange.proceed()

    return fault


def before(action: Callable[[], object]) -> Fault:
    """Something happens before the registry hears of the call."""

    def fault(exchange: Exchange) -> None:
        action()
        exchange.proceed()

    return fault


def after(action: Callable[[], object]) -> Fault:
    """Something happens when the registry has done it, and its answer is lost."""

    def fault(exchange: Exchange) -> None:
        exchange.forward(upto=0)
        action()

    return fault
