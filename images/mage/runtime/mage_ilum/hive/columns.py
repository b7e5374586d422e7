"""The results of HiveServer2 as Python values: columns of numbers and strings, each with a bitmap of its nulls."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from mage_ilum.hive.thrift import Value, as_text, fields_of, items_of

# The number of a type in the protocol, and Spark's name for it.
TYPES = {
    0: "boolean", 1: "tinyint", 2: "smallint", 3: "int", 4: "bigint", 5: "float", 6: "double", 7: "string",
    8: "timestamp", 9: "binary", 10: "array", 11: "map", 12: "struct", 15: "decimal", 16: "void", 17: "date",
    18: "varchar", 19: "char", 20: "interval year to month", 21: "interval day to second",
}  # fmt: skip
_STRING, _TIMESTAMP, _DECIMAL, _DATE = 7, 8, 15, 17


@dataclass(frozen=True)
class Column:
    """A column of a result: `kind` is the number of its type in HiveServer2's protocol."""

    name: str
    kind: int
    precision: int | None = None
    scale: int | None = None

    @property
    def type_name(self) -> str:
        """The type as Spark writes it."""
        return TYPES.get(self.kind, "string")


def columns_of(described: list[Value]) -> list[Column]:
    """The columns that a description of a result names."""
    columns = []
    for item in described:
        description = fields_of(item)
        entry = fields_of(fields_of(next(iter(items_of(fields_of(description.get(2)).get(1))), None)).get(1))
        kind = entry.get(1)
        qualifiers = items_of(fields_of(entry.get(2)).get(1))
        limits = {
            as_text(key): fields_of(value).get(1) for key, value in zip(qualifiers[::2], qualifiers[1::2], strict=True)
        }
        columns.append(
            Column(
                name=as_text(description.get(1)),
                kind=kind if isinstance(kind, int) else _STRING,
                precision=_number(limits.get("precision")),
                scale=_number(limits.get("scale")),
            )
        )
    return columns


def rows_of(columns: list[Column], data: list[Value]) -> list[tuple[object, ...]]:
    """The rows of a batch."""
    return list(zip(*map(_values, columns, data), strict=True))


def from_text(column: Column, text: str) -> object:
    """A value of a column that came as text."""
    return _CONVERTERS.get(column.kind, _text)(text.encode())


def _values(column: Column, data: Value) -> list[object]:
    """One column of a batch: a union whose one field holds the values and the bitmap."""
    (held,) = fields_of(data).values()
    values = items_of(fields_of(held).get(1))
    bitmap = fields_of(held).get(2)
    convert = _CONVERTERS.get(column.kind, _text)
    converted = [convert(value) if isinstance(value, bytes) else value for value in values]
    if not isinstance(bitmap, bytes) or not any(bitmap):
        return converted
    bits = bitmap.ljust(len(values) // 8 + 1, b"\0")
    return [None if bits[index >> 3] >> (index & 7) & 1 else value for index, value in enumerate(converted)]


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _binary(value: bytes) -> bytes:
    return value


def _decimal(value: bytes) -> Decimal | None:
    return Decimal(value.decode()) if value else None


def _date(value: bytes) -> datetime.date | None:
    return datetime.date.fromisoformat(value.decode()) if value else None


def _timestamp(value: bytes) -> datetime.datetime | None:
    """With as many digits of a second as are not zero, which Python 3.10 reads in threes alone."""
    seconds, _, fraction = value.decode().partition(".")
    return datetime.datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}") if value else None


_CONVERTERS: dict[int, Callable[[bytes], object]] = {
    9: _binary,
    _TIMESTAMP: _timestamp,
    _DECIMAL: _decimal,
    _DATE: _date,
}


def _number(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None
