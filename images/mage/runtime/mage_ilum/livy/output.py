"""What a statement gave, as a Python value."""

from base64 import b64decode
from collections.abc import Callable

from mage_ilum.http.client import JsonObject
from mage_ilum.livy.errors import StatementError
from mage_ilum.livy.resource import objects

_TABLE = "application/vnd.livy.table.v1+json"


def value_of(output: JsonObject, redact: Callable[[str], str]) -> object:
    """The result of a statement as a Python value; an error of its is told without our secrets, by `redact`.

    >>> value_of({"status": "ok", "data": {"text/plain": "42"}}, str)
    '42'
    """
    if output.get("status") == "error":
        traceback = output.get("traceback")
        lines = [redact(str(line)) for line in traceback] if isinstance(traceback, list) else []
        raise StatementError(str(output.get("ename")), redact(str(output.get("evalue"))), lines)
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    if "application/json" in data:
        return _rows(data["application/json"])
    if _TABLE in data:
        table = data[_TABLE]
        return _dicts(table.get("headers"), table.get("data")) if isinstance(table, dict) else table
    if "image/png" in data:
        return b64decode(str(data["image/png"]))
    return data.get("text/plain")


def _rows(value: object) -> object:
    """What SQL gave, as dicts; any other JSON as it is."""
    if isinstance(value, dict) and value.keys() == {"schema", "data"} and isinstance(value["schema"], dict):
        return _dicts(value["schema"].get("fields"), value["data"])
    return value


def _dicts(columns: object, rows: object) -> list[dict[str, object]]:
    names = [str(column.get("name")) for column in objects(columns)]
    return [dict(zip(names, row, strict=True)) for row in rows] if isinstance(rows, list) else []
