"""What we create at Livy, and that it is gone when the block is."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Literal

from mage_ilum.deadline import Deadline
from mage_ilum.http.client import HttpService, JsonObject
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.find import find_service
from mage_ilum.http.owned import owned, remove_found
from mage_ilum.http.settings import secret_values

Kind = Literal["batches", "sessions"]

ENDED = frozenset({"success", "dead", "error", "killed", "shutting_down"})

_REMOVE_SECONDS = 15.0


def find_livy(url: str | None, conf: Mapping[str, str] | None = None) -> HttpService:
    """Livy at `url`, or at `ILUM_LIVY_URL`, with the credentials that `find_service` describes.

    No message shows the secret ones among the settings `conf`.
    """
    livy = find_service("Livy", "ILUM_LIVY", url, example="http://ilum-livy-proxy:8998")
    return livy.hiding(*secret_values(conf or {}))


@contextmanager
def created(livy: HttpService, kind: Kind, request: Mapping[str, object], limit: Deadline) -> Iterator[int]:
    """Create a batch or a session within `limit` and give its id; delete it when the block fails, leaves or is killed.

    A batch that has come to its end by itself stays in Livy's list, for whoever reads its log there. A name gets a
    random suffix: when Livy's answer is lost, what has that name is ours, and nobody else's.
    """
    name = f"{request.get('name') or 'mage-ilum'}-{uuid.uuid4().hex[:8]}"
    with owned(
        lambda: _create(livy, kind, {**request, "name": name}, limit),
        partial(remove, livy, kind, name),
        warning=f"Livy may still run {name} (one of its {kind})",
        keep=kind == "batches",
    ) as identity:
        yield identity


def remove(livy: HttpService, kind: Kind, name: str, identity: int | None) -> None:
    """Delete it; where its id is unknown, because an answer was lost, look for its name for 5 s.

    Tries for 15 s. Raises `ServiceError` when that does not help.
    """
    named, delete = partial(_named, livy, kind, name), partial(_delete, livy, kind)
    remove_found(identity, named, delete, Deadline(_REMOVE_SECONDS))


def integer(value: object, what: str) -> int:
    """A number of Livy's answer. Raises `ServiceError` where it is none."""
    if isinstance(value, int):
        return value
    raise ServiceError(f"Livy's answer has no {what}: is it Livy?", code="not-livy", fix="Check ILUM_LIVY_URL.")


def objects(value: object) -> list[JsonObject]:
    """The JSON objects in a list of Livy's answer."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _create(livy: HttpService, kind: Kind, request: JsonObject, limit: Deadline) -> int:
    return integer(livy.request("POST", kind, json=request, limit=limit).get("id"), "id")


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
