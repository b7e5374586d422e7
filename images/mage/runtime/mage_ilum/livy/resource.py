"""What we create at Livy, and that it is gone when the block is."""

import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from mage_ilum.deadline import Deadline
from mage_ilum.http.client import HttpService, JsonObject
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.find import find_service
from mage_ilum.http.guard import Guard

Kind = Literal["batches", "sessions"]

ENDED = frozenset({"success", "dead", "error", "killed", "shutting_down"})

_REMOVE_SECONDS = 15.0
_SEARCH_SECONDS = 5.0
_PAUSE_SECONDS = 0.25


def find_livy(url: str | None) -> HttpService:
    """Livy at `url`, or at `ILUM_LIVY_URL`, with the credentials that `find_service` describes."""
    return find_service("Livy", "ILUM_LIVY", url, example="http://ilum-livy-proxy:8998")


@contextmanager
def created(livy: HttpService, kind: Kind, request: Mapping[str, object]) -> Iterator[int]:
    """Create a batch or a session and give its id; delete it when the block fails, leaves or is killed.

    A batch that has come to its end by itself stays in Livy's list, for whoever reads its log there.
    """
    name = str(request.get("name") or f"mage-ilum-{uuid.uuid4().hex[:12]}")
    identity: int | None = None
    with Guard() as guard:
        guard.on_death(remove, livy, kind, name, None)
        try:
            identity = _create(livy, kind, {**request, "name": name})
            guard.on_death(remove, livy, kind, name, identity)
            yield identity
        except BaseException as error:
            if not (isinstance(error, ServiceError) and identity is None and not error.uncertain):
                _remove_or_warn(livy, kind, name, identity)
            raise
        if kind == "sessions":
            _remove_or_warn(livy, kind, name, identity)


def remove(livy: HttpService, kind: Kind, name: str, identity: int | None) -> None:
    """Delete it; where its id is unknown, because an answer was lost, look for its name for 5 s.

    Tries for 15 s. Raises `ServiceError` when that does not help.
    """
    limit, search = Deadline(_REMOVE_SECONDS), Deadline(_SEARCH_SECONDS)
    while True:
        try:
            found = [identity] if identity is not None else _named(livy, kind, name)
            for one in found:
                _delete(livy, kind, one)
            if found or search.left < _PAUSE_SECONDS:
                return
        except ServiceError as error:
            if not error.transient or limit.left < _PAUSE_SECONDS:
                raise
        time.sleep(_PAUSE_SECONDS)


def integer(value: object, what: str) -> int:
    """A number of Livy's answer. Raises `ServiceError` where it is none."""
    if isinstance(value, int):
        return value
    raise ServiceError(f"Livy's answer has no {what}: is it Livy?", code="not-livy", fix="Check ILUM_LIVY_URL.")


def objects(value: object) -> list[JsonObject]:
    """The JSON objects in a list of Livy's answer."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _create(livy: HttpService, kind: Kind, request: JsonObject) -> int:
    return integer(livy.request("POST", kind, json=request).get("id"), "id")


def _named(livy: HttpService, kind: Kind, name: str) -> list[int]:
    answer = livy.request("GET", kind, query={"from": "0", "size": "1000"})
    alive = [item for item in objects(answer.get("sessions")) if item.get("state") not in ENDED]
    return [integer(item.get("id"), "id") for item in alive if item.get("name") == name]


def _delete(livy: HttpService, kind: Kind, identity: int) -> None:
    try:
        livy.request("DELETE", f"{kind}/{identity}")
    except ServiceError as error:
        if error.status != 404:  # gone is what we want
            raise


def _remove_or_warn(livy: HttpService, kind: Kind, name: str, identity: int | None) -> None:
    """Whatever the block ends with matters more than that this did not work."""
    try:
        remove(livy, kind, name, identity)
    except ServiceError as error:
        warnings.warn(f"Livy may still run {name} ({kind}/{identity}): {error.what}", RuntimeWarning, stacklevel=2)
